package io.pangu.spark.resource;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which NPUs this process may use, by the rules of the script {@code pangu-npus}: counted by {@code npu-smi} or by device
 * nodes, less those that {@code ASCEND_RT_VISIBLE_DEVICES} hides, less those that this container sees and was not given.
 */
public final class NpuDiscovery {
    private static final Pattern RANGE = Pattern.compile("(\\d{1,6})(?:-(\\d{1,6}))?");

    private final NpuEnvironment environment;

    public NpuDiscovery(NpuEnvironment environment) {
        this.environment = environment;
    }

    /**
     * The NPUs by logical id, ascending; at least one. Runs {@code npu-smi} where it is there, which takes a second or two
     * and 20 at most.
     *
     * @throws ResourceException saying why there is none
     */
    public List<Npu> npus() {
        List<Integer> chips = NpuChips.byTool(environment.npuSmi(), NpuChips.LIMIT);
        if (chips.isEmpty()) {
            chips = NpuChips.byNodes(environment.deviceRoot());
        }
        if (chips.isEmpty()) {
            throw new ResourceException("no NPU was found: npu-smi is not there or lists none, and there is no "
                    + environment.deviceRoot() + "/davinci<number>. Install the Ascend driver; in a container, start it"
                    + " with the NPUs' device nodes");
        }
        List<Npu> visible = VisibleDevices.parse(environment.runtimeVisible()).of(chips);
        return granted(visible, chips.size());
    }

    /** Those that the container was given, where it sees more than that. */
    private List<Npu> granted(List<Npu> visible, int numChips) {
        Set<Integer> numbers = grantedNumbers();
        if (numbers.isEmpty() || numChips <= numbers.size()) {
            return visible;
        }
        List<Npu> granted =
                visible.stream().filter(npu -> numbers.contains(npu.number())).toList();
        if (granted.isEmpty()) {
            throw new ResourceException("none of the NPUs that this process sees is among " + NpuEnvironment.GRANTED
                    + "=" + environment.granted().orElse(""));
        }
        return granted;
    }

    /** The numbers in {@code ASCEND_VISIBLE_DEVICES}; empty where it is not set or says something else than numbers. */
    private Set<Integer> grantedNumbers() {
        Set<Integer> numbers = new HashSet<>();
        for (String part : environment.granted().orElse("").split(",")) {
            Matcher range = RANGE.matcher(part);
            if (!range.matches()) {
                return Set.of();
            }
            int first = Integer.parseInt(range.group(1));
            int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
            for (int number = first; number <= last; number++) {
                numbers.add(number);
            }
        }
        return numbers;
    }
}
