package io.pangu.spark.resource;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The addresses that Spark assigned, held against what this process sees. */
public final class AssignedNpus {
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");

    private AssignedNpus() {}

    /**
     * The NPUs behind addresses, in their order, which is the order of ranks. Looks at variables and device nodes and takes
     * no time; where there are no nodes, every id counts as an NPU's number.
     *
     * @throws ResourceException if an address is no logical id of this process, or is there twice
     */
    public static List<Npu> of(List<String> addresses, NpuEnvironment environment) {
        VisibleDevices visible = VisibleDevices.parse(environment.runtimeVisible());
        List<Integer> chips = NpuChips.byNodes(environment.deviceRoot());
        List<Npu> known = visible.of(chips);
        boolean isKnown = visible.isSet() || !chips.isEmpty();
        Set<Integer> seen = new HashSet<>();
        List<Npu> npus = new ArrayList<>();
        for (String address : addresses) {
            int id = logicalId(address, addresses);
            if (!seen.add(id)) {
                throw new ResourceException("NPU address '" + address + "' was assigned twice (" + list(addresses)
                        + "). Mend what tells Spark the addresses: each NPU has one");
            }
            if (!isKnown) {
                npus.add(new Npu(id, id));
            } else if (id < known.size()) {
                npus.add(known.get(id));
            } else {
                throw outOfRange(id, addresses, known, visible, environment);
            }
        }
        return npus;
    }

    private static int logicalId(String address, List<String> addresses) {
        if (!NUMBER.matcher(address).matches()) {
            throw new ResourceException("NPU address '" + address + "' (of " + list(addresses)
                    + ") is no logical id, which is a whole number from 0 on. Let the discovery script print such numbers, as"
                    + " pangu-npus does");
        }
        return Integer.parseInt(address);
    }

    private static ResourceException outOfRange(
            int id, List<String> addresses, List<Npu> known, VisibleDevices visible, NpuEnvironment environment) {
        String what = visible.isSet()
                ? "with " + visible.words() + " this process has logical ids 0 to " + (known.size() - 1)
                : environment.deviceRoot() + " has the nodes of " + known.size() + " NPUs (davinci "
                        + list(known.stream().map(Npu::number).toList()) + "), so that logical ids are 0 to "
                        + (known.size() - 1);
        String why = known.stream()
                .filter(npu -> npu.number() == id)
                .findFirst()
                .map(npu -> id + " is the NPU's number on the machine; here it is logical id " + npu.logicalId())
                .orElse("no NPU here has the id " + id);
        return new ResourceException("Spark assigned NPU addresses " + list(addresses) + ", but " + what + ": " + why
                + ". Let addresses be found where the same variables hold as in the executor, by pangu-npus or"
                + " io.pangu.spark.NpuDiscoveryPlugin, or set " + NpuEnvironment.RUNTIME_VISIBLE
                + " alike for workers and executors");
    }

    private static String list(List<?> values) {
        return VisibleDevices.list(values);
    }
}
