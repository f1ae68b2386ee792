package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;

/** Sorts rows by their experts: a row comes once for each of its experts, as it is or quantised by its largest element. */
final class ExpertSorting {
    private static final long ALL_ROWS = 0;
    private static final long NO_CAPACITY = 0;
    private static final long DROP_NOTHING = 0;
    private static final long COUNTS_V2 = 2;
    private static final long COUNTS_V3 = 1;
    private static final long NOT_QUANTISED = -1;
    private static final long DYNAMIC = 1;

    private final CannQueue queue;
    private final CannConstants constants;

    ExpertSorting(CannQueue queue, CannConstants constants) {
        this.queue = queue;
        this.constants = constants;
    }

    /**
     * Rows as they are.
     *
     * @param x (n, hidden)
     * @param ids (n, k) INT32
     * @param counts (numExperts) INT32
     * @param places gets the rows, their order and the counts
     */
    void sort(CannTensor x, CannExperts experts, CannTensor ids, CannTensor counts, ExpertPlaces places) {
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

    private void sortV3(CannTensor x, CannExperts experts, CannTensor ids, CannTensor counts, ExpertPlaces places) {
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

    /** As {@link #sort}; the places get int8 rows, and their scales besides. */
    void sortQuantised(CannTensor x, CannExperts experts, CannTensor ids, CannTensor counts, ExpertPlaces places) {
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
}
