package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.CannTensor.Argument;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The routed experts: rows sorted by their experts, one grouped product to gate and up, SwiGLU, one to the hidden size, and
 * back to the rows with the experts' weights.
 */
final class ExpertOperators {
    private static final long ALL_ROWS = 0;
    private static final long NO_CAPACITY = 0;
    private static final long DROP_NOTHING = 0;
    private static final long COUNTS_V2 = 2;
    private static final long COUNTS_V3 = 1;
    private static final long NOT_QUANTISED = -1;
    private static final long DYNAMIC = 1;
    private static final long ONE_TENSOR = 3;
    private static final long ROWS_ARE_GROUPED = 0;
    private static final long LIST_OF_COUNTS = 1;
    private static final long NO_ACTIVATION = 0;

    private final CannQueue queue;
    private final CannConstants constants;
    private final Scratch scratch;

    ExpertOperators(CannQueue queue, CannConstants constants, Scratch scratch) {
        this.queue = queue;
        this.constants = constants;
        this.scratch = scratch;
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
        Places places = new Places(x, experts, ids.view().viewDims()[1]);
        boolean isInt8 = experts.gateUp().scale() != null;
        if (isInt8) {
            sortQuantised(x, experts, ids, counts, places);
            multiply(places.rows, places.rowScale, experts.gateUp(), places.counts, places.gateUp);
        } else {
            sort(x, experts, ids, counts, places);
            multiply(places.rows, null, experts.gateUp(), places.counts, places.gateUp);
        }
        queue.run(
                AclnnOperator.SWI_GLU,
                (ops, plan, t) -> ops.expert().swiGlu(plan, t.tensor(0), -1, t.tensor(1)),
                places.gateUp.read(),
                places.activated.written());
        if (isInt8) {
            queue.run(
                    AclnnOperator.DYNAMIC_QUANT,
                    (ops, plan, t) -> ops.quant().dynamicQuant(plan, t.tensor(0), null, t.tensor(1), t.tensor(2)),
                    places.activated.read(),
                    places.quantised.written(),
                    places.rowScale.written());
            multiply(places.quantised, places.rowScale, experts.down(), places.counts, places.down);
        } else {
            multiply(places.activated, null, experts.down(), places.counts, places.down);
        }
        gather(places, weights, out);
    }

    /** What the operators hand to each other; rows are those of the batch, once for each of their experts. */
    private final class Places {
        final CannTensor rows; // (m, hidden), or int8
        final CannTensor order; // (m) INT32
        final CannTensor counts; // (numExperts) INT64
        final CannTensor rowScale; // (m) FLOAT32
        final CannTensor gateUp; // (m, 2 * intermediate)
        final CannTensor activated; // (m, intermediate)
        final CannTensor quantised; // (m, intermediate) INT8
        final CannTensor down; // (m, hidden)
        final CannTensor mixed; // (n, hidden)

        Places(CannTensor x, CannExperts experts, long k) {
            long n = x.rows();
            long m = n * k;
            long hidden = experts.hiddenSize();
            long width = experts.intermediateSize();
            AclDataType type = x.view().dataType();
            AclDataType rowType = experts.gateUp().scale() == null ? type : AclDataType.INT8;
            Scratch.Frame frame = scratch.frame(
                    Scratch.bytes(rowType, m, hidden),
                    Scratch.bytes(AclDataType.INT32, m),
                    Scratch.bytes(AclDataType.INT64, experts.numExperts()),
                    Scratch.bytes(AclDataType.FLOAT32, m),
                    Scratch.bytes(type, m, 2 * width),
                    Scratch.bytes(type, m, width),
                    Scratch.bytes(AclDataType.INT8, m, width),
                    Scratch.bytes(type, m, hidden),
                    Scratch.bytes(type, n, hidden));
            rows = frame.take(rowType, m, hidden);
            order = frame.take(AclDataType.INT32, m);
            counts = frame.take(AclDataType.INT64, experts.numExperts());
            rowScale = frame.take(AclDataType.FLOAT32, m);
            gateUp = frame.take(type, m, 2 * width);
            activated = frame.take(type, m, width);
            quantised = frame.take(AclDataType.INT8, m, width);
            down = frame.take(type, m, hidden);
            mixed = frame.take(type, n, hidden);
        }
    }

    private void sort(CannTensor x, CannExperts experts, CannTensor ids, CannTensor counts, Places places) {
        if (queue.has(AclnnOperator.MOE_INIT_ROUTING_V3)) {
            sortV3(x, experts, ids, counts, places);
            return;
        }
        long numExperts = experts.numExperts();
        queue.run(
                AclnnOperator.MOE_INIT_ROUTING_V2,
                new long[] {numExperts},
                (ops, plan, t) -> ops.moe()
                        .moeInitRoutingV2(
                                plan,
                                t.tensor(0),
                                t.tensor(1),
                                ALL_ROWS,
                                NO_CAPACITY,
                                numExperts,
                                DROP_NOTHING,
                                COUNTS_V2,
                                false,
                                t.tensor(2),
                                t.tensor(3),
                                t.tensor(4),
                                null),
                x.read(),
                ids.read(),
                places.rows.written(),
                places.order.written(),
                counts.written());
        queue.cast(counts, places.counts);
    }

    private void sortV3(CannTensor x, CannExperts experts, CannTensor ids, CannTensor counts, Places places) {
        long numExperts = experts.numExperts();
        Acl.IntArray range = constants.expertRange(experts.numExperts());
        queue.run(
                AclnnOperator.MOE_INIT_ROUTING_V3,
                new long[] {numExperts},
                (ops, plan, t) -> ops.moe()
                        .moeInitRoutingV3(
                                plan,
                                t.tensor(0),
                                t.tensor(1),
                                null,
                                null,
                                t.rowsOf(2),
                                NO_CAPACITY,
                                numExperts,
                                DROP_NOTHING,
                                COUNTS_V3,
                                true,
                                NOT_QUANTISED,
                                range,
                                0,
                                t.tensor(2),
                                t.tensor(3),
                                t.tensor(4),
                                t.tensor(5)),
                x.read(),
                ids.read(),
                places.rows.written(),
                places.order.written(),
                places.counts.written(),
                places.rowScale.written());
        queue.cast(places.counts, counts);
    }

    private void sortQuantised(CannTensor x, CannExperts experts, CannTensor ids, CannTensor counts, Places places) {
        long numExperts = experts.numExperts();
        queue.run(
                AclnnOperator.MOE_INIT_ROUTING_QUANT_V2,
                new long[] {numExperts},
                (ops, plan, t) -> ops.moe()
                        .moeInitRoutingQuantV2(
                                plan,
                                t.tensor(0),
                                t.tensor(1),
                                null,
                                null,
                                ALL_ROWS,
                                NO_CAPACITY,
                                numExperts,
                                DROP_NOTHING,
                                COUNTS_V2,
                                false,
                                DYNAMIC,
                                t.tensor(2),
                                t.tensor(3),
                                t.tensor(4),
                                null,
                                t.tensor(5)),
                x.read(),
                ids.read(),
                places.rows.written(),
                places.order.written(),
                counts.written(),
                places.rowScale.written());
        queue.cast(counts, places.counts);
    }

    /**
     * One product of all experts with their rows.
     *
     * @param rowScale of each row of int8; null for floats
     */
    private void multiply(
            CannTensor rows, @Nullable CannTensor rowScale, CannLinear experts, CannTensor counts, CannTensor out) {
        List<Argument> arguments = new ArrayList<>();
        arguments.add(rows.read().inList());
        arguments.add(weight(experts, counts, rows.view().dataType()).read().inList());
        if (rowScale != null) {
            arguments.add(scale(experts, counts, out.view().dataType()).read().inList());
            arguments.add(rowScale.read().inList());
        }
        int countsPlace = arguments.size();
        arguments.add(counts.read());
        arguments.add(out.written().inList());
        boolean isInt8 = rowScale != null;
        boolean isNewest = queue.has(AclnnOperator.GROUPED_MATMUL_V5);
        queue.run(
                isNewest ? AclnnOperator.GROUPED_MATMUL_V5 : AclnnOperator.GROUPED_MATMUL_V4,
                (ops, plan, t) -> {
                    if (isNewest) {
                        ops.expert()
                                .groupedMatmulV5(
                                        plan,
                                        t.list(0),
                                        t.list(1),
                                        null,
                                        isInt8 ? t.list(2) : null,
                                        isInt8 ? t.list(3) : null,
                                        t.tensor(countsPlace),
                                        ONE_TENSOR,
                                        ROWS_ARE_GROUPED,
                                        LIST_OF_COUNTS,
                                        NO_ACTIVATION,
                                        t.list(countsPlace + 1));
                    } else {
                        ops.expert()
                                .groupedMatmulV4(
                                        plan,
                                        t.list(0),
                                        t.list(1),
                                        null,
                                        isInt8 ? t.list(2) : null,
                                        isInt8 ? t.list(3) : null,
                                        t.tensor(countsPlace),
                                        ONE_TENSOR,
                                        ROWS_ARE_GROUPED,
                                        LIST_OF_COUNTS,
                                        NO_ACTIVATION,
                                        t.list(countsPlace + 1));
                    }
                },
                arguments.toArray(new Argument[0]));
    }

    /** (numExperts, in, out), as stored (numExperts, out, in). */
    private static CannTensor weight(CannLinear experts, CannTensor counts, AclDataType type) {
        return CannTensor.dense(
                        type, experts.weight().address(), counts.rows(), experts.outFeatures(), experts.inFeatures())
                .transposed();
    }

    private static CannTensor scale(CannLinear experts, CannTensor counts, AclDataType outType) {
        CannBuffer scale = experts.scale();
        if (scale == null) {
            throw new IllegalArgumentException("the experts are not quantised");
        }
        // bf16 results take bf16 scales, fp16 results fp32 ones
        AclDataType type = outType == AclDataType.BFLOAT16 ? AclDataType.BFLOAT16 : AclDataType.FLOAT32;
        return CannTensor.dense(type, scale.address(), counts.rows(), experts.outFeatures());
    }

    private void gather(Places places, CannTensor weights, CannTensor out) {
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
