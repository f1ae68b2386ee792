package io.pangu.spark.resource;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * {@code ASCEND_RT_VISIBLE_DEVICES} as CANN's runtime reads it: the device at position i of the list is the process's logical
 * device i; without the variable all are visible. The runtime takes a wrong list for a shorter or an empty one and says
 * nothing, so anything that it would not take whole is refused here.
 */
final class VisibleDevices {
    private static final Pattern LIST = Pattern.compile("\\d{1,9}(,\\d{1,9})*");

    private final Optional<String> value;
    private final List<Integer> ids;

    private VisibleDevices(Optional<String> value, List<Integer> ids) {
        this.value = value;
        this.ids = ids;
    }

    /**
     * Reads the variable's value.
     *
     * @throws ResourceException if the runtime would not take every id in it
     */
    static VisibleDevices parse(Optional<String> value) {
        if (value.isEmpty()) {
            return new VisibleDevices(value, List.of());
        }
        String text = value.get();
        if (text.isEmpty()) {
            throw new ResourceException(
                    NpuEnvironment.RUNTIME_VISIBLE + " is empty, which hides every NPU. Unset it, or list ids: 0,1");
        }
        if (!LIST.matcher(text).matches()) {
            throw new ResourceException(NpuEnvironment.RUNTIME_VISIBLE + " is '" + text
                    + "'; the runtime reads ids with a comma between them and nothing else, and ignores the rest without a"
                    + " word. Write it like 0,1,2,3");
        }
        List<Integer> ids = new ArrayList<>();
        for (String id : text.split(",")) {
            int number = Integer.parseInt(id);
            if (!ids.isEmpty() && number <= ids.get(ids.size() - 1)) {
                throw new ResourceException(NpuEnvironment.RUNTIME_VISIBLE + " is '" + text
                        + "'; the runtime wants ids in ascending order, each once, and opens none otherwise. Sort it");
            }
            ids.add(number);
        }
        return new VisibleDevices(value, List.copyOf(ids));
    }

    /** Whether the variable is set. */
    boolean isSet() {
        return value.isPresent();
    }

    /** {@code ASCEND_RT_VISIBLE_DEVICES=4,5}, or that it is not set. */
    String words() {
        return value.map(text -> NpuEnvironment.RUNTIME_VISIBLE + "=" + text)
                .orElse(NpuEnvironment.RUNTIME_VISIBLE + " not set");
    }

    /**
     * The NPUs of this process by logical id.
     *
     * @param chips numbers of all NPUs of this machine or container, ascending; empty: nobody knows them
     */
    List<Npu> of(List<Integer> chips) {
        List<Npu> npus = new ArrayList<>();
        if (!isSet()) {
            chips.forEach(number -> npus.add(new Npu(npus.size(), number)));
            return npus;
        }
        for (int id : ids) {
            if (!chips.isEmpty() && id >= chips.size()) {
                throw new ResourceException(
                        NpuEnvironment.RUNTIME_VISIBLE + " is '" + value.orElse("") + "', but there are " + chips.size()
                                + " NPUs here, with ids 0 to " + (chips.size() - 1) + ". Leave out " + id);
            }
            npus.add(new Npu(npus.size(), chips.isEmpty() ? id : chips.get(id)));
        }
        return npus;
    }

    /** Numbers as {@code 0, 1, 2}. */
    static String list(List<?> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
