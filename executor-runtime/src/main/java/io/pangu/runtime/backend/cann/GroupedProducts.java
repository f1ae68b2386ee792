package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.CannTensor.Argument;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.AclnnOps;
import io.pangu.runtime.backend.cann.ffi.OpPlan;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Products of all experts, each with its rows. */
final class GroupedProducts {
    private static final long ONE_TENSOR = 3;
    private static final long ROWS_ARE_GROUPED = 0;
    private static final long LIST_OF_COUNTS = 1;
    private static final long NO_ACTIVATION = 0;
    private static final int ABSENT = -1;

    private final CannQueue queue;

    GroupedProducts(CannQueue queue) {
        this.queue = queue;
    }

    /**
     * One product.
     *
     * @param rows (m, inFeatures) sorted by expert, in the activation type or INT8
     * @param rowScale (m) FLOAT32, of int8; null for floats
     * @param counts (numExperts) INT64, rows of each expert
     * @param out (m, outFeatures)
     */
    void multiply(
            CannTensor rows, CannLinear experts, @Nullable CannTensor rowScale, CannTensor counts, CannTensor out) {
        List<Argument> arguments = new ArrayList<>();
        arguments.add(rows.read().inList());
        arguments.add(weight(experts, counts, rows.view().dataType()).read().inList());
        int scaleAt = ABSENT;
        int rowScaleAt = ABSENT;
        if (experts.scale() != null) {
            scaleAt = arguments.size();
            arguments.add(scale(experts.scale(), experts, counts, out.view().dataType())
                    .read()
                    .inList());
        }
        if (rowScale != null) {
            rowScaleAt = arguments.size();
            arguments.add(rowScale.read().inList());
        }
        Product product = new Product(scaleAt, rowScaleAt, arguments.size());
        arguments.add(counts.read());
        arguments.add(out.written().inList());
        boolean isNewest = queue.has(AclnnOperator.GROUPED_MATMUL_V5);
        queue.run(
                isNewest ? AclnnOperator.GROUPED_MATMUL_V5 : AclnnOperator.GROUPED_MATMUL_V4,
                isNewest ? product::planV5 : product::planV4,
                arguments.toArray(new Argument[0]));
    }

    /**
     * Where the tensors of a product stand among its arguments, {@link #ABSENT} for those that are not there; the result
     * follows the counts.
     */
    private record Product(int scale, int rowScale, int counts) {
        void planV5(AclnnOps ops, OpPlan plan, OperatorTensors t) {
            ops.expert()
                    .groupedMatmulV5(
                            plan,
                            t.list(0),
                            t.list(1),
                            null,
                            optional(t, scale),
                            optional(t, rowScale),
                            t.tensor(counts),
                            ONE_TENSOR,
                            ROWS_ARE_GROUPED,
                            LIST_OF_COUNTS,
                            NO_ACTIVATION,
                            t.list(counts + 1));
        }

        void planV4(AclnnOps ops, OpPlan plan, OperatorTensors t) {
            ops.expert()
                    .groupedMatmulV4(
                            plan,
                            t.list(0),
                            t.list(1),
                            null,
                            optional(t, scale),
                            optional(t, rowScale),
                            t.tensor(counts),
                            ONE_TENSOR,
                            ROWS_ARE_GROUPED,
                            LIST_OF_COUNTS,
                            NO_ACTIVATION,
                            t.list(counts + 1));
        }

        private static Acl.@Nullable TensorList optional(OperatorTensors t, int place) {
            return place == ABSENT ? null : t.list(place);
        }
    }

    /** (numExperts, in, out), as stored (numExperts, out, in). */
    private static CannTensor weight(CannLinear experts, CannTensor counts, AclDataType type) {
        return CannTensor.dense(
                        type, experts.weight().address(), counts.rows(), experts.outFeatures(), experts.inFeatures())
                .transposed();
    }

    private static CannTensor scale(CannBuffer scale, CannLinear experts, CannTensor counts, AclDataType outType) {
        // bf16 results take bf16 scales, fp16 results fp32 ones
        AclDataType type = outType == AclDataType.BFLOAT16 ? AclDataType.BFLOAT16 : AclDataType.FLOAT32;
        return CannTensor.dense(type, scale.address(), counts.rows(), experts.outFeatures());
    }
}
