package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** What operators take that never changes. Used by the thread that drives the device. */
final class CannConstants implements AutoCloseable {
    /** The attention operators read a mask of this many rows and columns, whatever the lengths. */
    private static final int MASK_SIZE = 2048;

    private static final int FIRST_ONES = 1024;

    private final NpuSession session;
    private final Acl.Scalar one;
    private final Acl.Scalar wholeOne;
    private final CannTensor causalMask;
    /** First expert of each group by their number and size. */
    private final Map<GroupSizes, CannTensor> groupStarts = new HashMap<>();

    private final Map<Integer, Acl.IntArray> expertRanges = new HashMap<>();

    /** As many as were ever asked for. */
    private CannTensor ones;

    private long numMoves;

    private record GroupSizes(int count, int expertsPerGroup) {}

    CannConstants(NpuSession session) {
        this.session = session;
        this.causalMask = uploadMask();
        this.ones = uploadOnes(FIRST_ONES);
        this.one = session.cann().tensors().createScalar(1f);
        try {
            this.wholeOne = session.cann().tensors().createScalar(1L);
        } catch (RuntimeException e) {
            session.cann().tensors().destroyScalar(one);
            throw e;
        }
    }

    /** 1 as fp32. */
    Acl.Scalar one() {
        return one;
    }

    /** 1 as a whole number. */
    Acl.Scalar wholeOne() {
        return wholeOne;
    }

    /** (count) FLOAT32, all 1: scales of what is not to be scaled. */
    CannTensor ones(long count) {
        if (count > ones.rows()) {
            ones = uploadOnes(Math.toIntExact(Math.max(count, 2 * ones.rows())));
            numMoves++;
        }
        return CannTensor.dense(AclDataType.FLOAT32, ones.start(), count);
    }

    /** How often a constant has come to lie somewhere else. */
    long numMoves() {
        return numMoves;
    }

    /** From the first of so many experts to the one after the last. */
    Acl.IntArray expertRange(int numExperts) {
        return expertRanges.computeIfAbsent(
                numExperts, count -> session.cann().tensors().createIntArray(0, count));
    }

    /** (2048, 2048) BOOL, true above the diagonal. */
    CannTensor causalMask() {
        return causalMask;
    }

    /** (1, count) INT32: 0, expertsPerGroup, twice that, and so on. */
    CannTensor groupStarts(int count, int expertsPerGroup) {
        return groupStarts.computeIfAbsent(new GroupSizes(count, expertsPerGroup), this::uploadStarts);
    }

    private CannTensor uploadStarts(GroupSizes sizes) {
        try (Arena host = Arena.ofConfined()) {
            MemorySegment starts = host.allocate(ValueLayout.JAVA_INT, sizes.count);
            for (int group = 0; group < sizes.count; group++) {
                starts.setAtIndex(ValueLayout.JAVA_INT, group, group * sizes.expertsPerGroup);
            }
            return CannTensor.dense(AclDataType.INT32, uploaded(starts), 1, sizes.count);
        }
    }

    private CannTensor uploadOnes(int count) {
        float[] values = new float[count];
        Arrays.fill(values, 1);
        return CannTensor.dense(AclDataType.FLOAT32, uploaded(MemorySegment.ofArray(values)), count);
    }

    private CannTensor uploadMask() {
        try (Arena host = Arena.ofConfined()) {
            MemorySegment mask = host.allocate((long) MASK_SIZE * MASK_SIZE);
            for (int row = 0; row < MASK_SIZE - 1; row++) {
                mask.asSlice((long) row * MASK_SIZE + row + 1, MASK_SIZE - 1 - row)
                        .fill((byte) 1);
            }
            return CannTensor.dense(AclDataType.BOOL, uploaded(mask), MASK_SIZE, MASK_SIZE);
        }
    }

    /** Stays until the arena is closed. */
    private long uploaded(MemorySegment values) {
        long address = session.arena().allocate(values.byteSize()).address();
        session.queue().upload(values, address);
        return address;
    }

    @Override
    public void close() {
        Cleanup cleanup = new Cleanup();
        cleanup.run(() -> session.cann().tensors().destroyScalar(one));
        cleanup.run(() -> session.cann().tensors().destroyScalar(wholeOne));
        expertRanges
                .values()
                .forEach(range -> cleanup.run(() -> session.cann().tensors().destroyIntArray(range)));
        cleanup.throwFailure();
    }
}
