package io.pangu.runtime.backend.cann.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Arguments for the methods of the bindings, made from their types so that no two can be mistaken for each other, each with
 * what C must see of it.
 */
final class SampleArguments {
    private final Arena arena;
    private final IntPredicate flags;
    private final List<Object> values = new ArrayList<>();
    private final List<Long> expected = new ArrayList<>();
    private final List<Integer> places = new ArrayList<>();
    private int next = 1;

    /**
     * Fresh arguments.
     *
     * @param flags value of the nth boolean, from 0
     */
    SampleArguments(Arena arena, IntPredicate flags) {
        this.arena = arena;
        this.flags = flags;
    }

    /** Adds one for a parameter. */
    void add(Class<?> type) throws ReflectiveOperationException {
        values.add(make(type));
    }

    Object[] values() {
        return values.toArray();
    }

    /** What C must see, in this order, among what it sees. */
    List<Long> expected() {
        return expected;
    }

    /** Which of the expected ones are booleans. */
    List<Integer> placesOfFlags() {
        return places;
    }

    private Object make(Class<?> type) throws ReflectiveOperationException {
        int i = next++;
        if (type == long.class) {
            return expect(i * 0x1_0000_0001L + 0x4000, i * 0x1_0000_0001L + 0x4000);
        } else if (type == int.class) {
            return expect(0x4000_0000 + i, 0x4000_0000 + i);
        } else if (type == double.class) {
            return expect(i + 0.1, Double.doubleToRawLongBits(i + 0.1));
        } else if (type == boolean.class) {
            boolean flag = flags.test(places.size());
            places.add(expected.size());
            return expect(flag, flag ? 1 : 0);
        } else if (type == byte.class) {
            return expect((byte) (100 + i), 100 + i);
        } else if (type.isEnum()) {
            return enumeration(type);
        } else if (type == NativeText.class) {
            NativeText text = NativeText.of("text " + i);
            return expect(text, text.address());
        } else if (type == MemorySegment.class) {
            MemorySegment segment = arena.allocate(8);
            return expect(segment, segment.address());
        } else if (type == OpPlan.class) {
            return new OpPlan(arena);
        } else if (Acl.class.isAssignableFrom(type)) {
            long address = 0x5500_0000_0000L + i * 0x1000L;
            return expect(type.getDeclaredConstructor(long.class).newInstance(address), address);
        } else if (type == AttentionOps.FusedInferAttention.class) {
            return record(type);
        }
        return byPointer(type);
    }

    /** What C gets as a pointer to something that the method writes down: only that it is there can be seen. */
    private static Object byPointer(Class<?> type) {
        if (type == String.class) {
            return "a text";
        } else if (type == float.class) {
            return 1.5f;
        } else if (type == long[].class) {
            return new long[] {1, 2};
        } else if (type == float[].class) {
            return new float[] {1, 2};
        } else if (type == boolean[].class) {
            return new boolean[] {true, false};
        } else if (type == int[].class) {
            return new int[] {1, 2};
        } else if (type == List.class) {
            return List.of();
        } else if (type == AclTensors.View.class) {
            return AclTensors.View.dense(AclDataType.BFLOAT16, 2, 3);
        } else if (type == HcclRootInfo.class) {
            return HcclRootInfo.of(new byte[HcclRootInfo.BYTES]);
        } else if (type == HcclCommConfig.class) {
            return HcclCommConfig.DEFAULT;
        }
        throw new AssertionError("no sample of " + type);
    }

    private Object enumeration(Class<?> type) throws ReflectiveOperationException {
        Enum<?> value = (Enum<?>) type.getEnumConstants()[1];
        if (type == AclnnOperator.class) {
            return value;
        }
        try {
            return expect(value, (int) type.getMethod("code").invoke(value));
        } catch (NoSuchMethodException e) {
            return expect(value, List.of(type.getEnumConstants()).indexOf(value));
        }
    }

    private Object record(Class<?> type) throws ReflectiveOperationException {
        List<Class<?>> types = new ArrayList<>();
        List<Object> components = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            types.add(component.getType());
            components.add(make(component.getType()));
        }
        return type.getDeclaredConstructor(types.toArray(Class<?>[]::new)).newInstance(components.toArray());
    }

    private <T> T expect(T value, long seen) {
        expected.add(seen);
        return value;
    }
}
