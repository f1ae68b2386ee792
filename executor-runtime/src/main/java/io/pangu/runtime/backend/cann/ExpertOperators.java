package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;

/**
 * The routed experts: rows sorted by their experts, one grouped product to gate and up, SwiGLU, one to the hidden size, and
 * back to the rows with the experts' weights.
 */
final class ExpertOperators {
    private final CannQueue queue;
    private final CannConstants constants;
    private final Scratch scratch;
    private final ExpertSorting sorting;
    private final GroupedProducts products;
    private final Int8Operators int8;

    ExpertOperators(CannQueue queue, CannConstants constants, Scratch scratch) {
        this.queue = queue;
        this.constants = constants;
        this.scratch = scratch;
        this.sorting = new ExpertSorting(queue, constants);
        this.products = new GroupedProducts(queue);
        this.int8 = new Int8Operators(queue);
    }

    /** Sets all counts to 0: no rows chose an expert. */
    void countNothing(CannTensor counts) {
        queue.run(
                AclnnOperator.INPLACE_ZERO,
                (ops, plan, t) -> ops.elementwise().inplaceZero(plan, t.tensor(0)),
                counts.updated());
    }

    /**
     * {@code out += sum of weight * expert(x)}.
     *
     * @param x (n, hidden)
     * @param ids (n, k) INT32
     * @param weights (n, k) FLOAT32
     * @param counts (numExperts) INT32
     * @param out (n, hidden)
     */
    void add(CannTensor x, CannExperts experts, CannTensor ids, CannTensor weights, CannTensor counts, CannTensor out) {
        ExpertPlaces places = new ExpertPlaces(scratch, x, experts, ids.view().viewDims()[1]);
        if (places.rows.view().dataType() == AclDataType.INT8) {
            sorting.sortQuantised(x, experts, ids, counts, places);
        } else {
            sorting.sort(x, experts, ids, counts, places);
        }
        CannTensor factors = experts.factors();
        if (factors != null) {
            sortFactors(factors, ids, places);
        }
        if (experts.gateUp().size() == 1) {
            multiply(places.rows, experts.gateUp().get(0), places, places.gateUp);
        } else {
            long column = 0;
            for (CannLinear part : experts.gateUp()) {
                multiply(places.rows, part, places, places.half);
                int8.copy(places.half, places.gateUp.columns(column, part.outFeatures()));
                column += part.outFeatures();
            }
        }
        queue.run(
                AclnnOperator.SWI_GLU,
                (ops, plan, t) -> ops.expert().swiGlu(plan, t.tensor(0), -1, t.tensor(1)),
                places.gateUp.read(),
                places.activated.written());
        multiply(places.activated, experts.down(), places, places.down);
        gather(places, weights, out);
    }

    /** Gives each row what its expert wants it multiplied with: looked up in the batch's order, then sorted as the rows were. */
    private void sortFactors(CannTensor factors, CannTensor ids, ExpertPlaces places) {
        long m = places.order.rows();
        queue.run(
                AclnnOperator.INDEX_SELECT,
                (ops, plan, t) -> ops.index().indexSelect(plan, t.tensor(0), 0, t.tensor(1), t.tensor(2)),
                factors.read(),
                CannTensor.dense(AclDataType.INT32, ids.start(), m).read(),
                places.chosenFactors.written());
        queue.run(
                AclnnOperator.SCATTER_ND_UPDATE,
                (ops, plan, t) -> ops.index().scatterNdUpdate(plan, t.tensor(0), t.tensor(1), t.tensor(2)),
                places.rowFactors.updated(),
                CannTensor.dense(AclDataType.INT32, places.order.start(), m, 1).read(),
                places.chosenFactors.read());
    }

    /** Rows by the matrices of their experts, quantised before as those want it. */
    private void multiply(CannTensor rows, CannLinear matrices, ExpertPlaces places, CannTensor out) {
        if (matrices.scale() == null) {
            products.multiply(rows, matrices, null, places.counts, out);
        } else if (matrices.steps() != null) {
            CannTensor quantised = places.quantisedOf(rows);
            quantise(rows, matrices.steps(), places, quantised);
            products.multiply(quantised, matrices, constants.ones(rows.rows()), places.counts, out);
        } else if (rows.view().dataType() == AclDataType.INT8) {
            products.multiply(rows, matrices, places.rowScale, places.counts, out);
        } else {
            CannTensor quantised = places.quantisedOf(rows);
            int8.byRow(rows, quantised, places.rowScale);
            products.multiply(quantised, matrices, places.rowScale, places.counts, out);
        }
    }

    private void quantise(CannTensor rows, FixedSteps steps, ExpertPlaces places, CannTensor quantised) {
        CannTensor floats = places.floatsOf(rows);
        queue.cast(rows, floats);
        if (steps.column() != FixedSteps.SAME) {
            int8.scale(floats, places.rowFactors.columns(steps.column(), 1));
        }
        int8.inSteps(floats, steps, quantised);
    }

    private void gather(ExpertPlaces places, CannTensor weights, CannTensor out) {
        queue.run(
                AclnnOperator.MOE_TOKEN_UNPERMUTE,
                (ops, plan, t) ->
                        ops.moe().moeTokenUnpermute(plan, t.tensor(0), t.tensor(1), t.tensor(2), false, t.tensor(3)),
                places.down.read(),
                places.order.read(),
                weights.read(),
                places.mixed.written());
        Acl.Scalar one = constants.one();
        queue.run(
                AclnnOperator.INPLACE_ADD,
                (ops, plan, t) -> ops.elementwise().inplaceAdd(plan, t.tensor(0), t.tensor(1), one),
                out.updated(),
                places.mixed.read());
    }
}
