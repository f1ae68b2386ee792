package io.pangu.runtime.backend.cann.ffi;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The C interface of one CANN home. Making it loads nothing: libraries come with the first function that needs them. Thread-safe
 * as such; what a function may be called by, its own text says. One instance per home and process.
 */
public final class CannBindings {
    private static final Map<CannLibraries, CannBindings> BY_LIBRARIES = new ConcurrentHashMap<>();

    private final CannLibraries libraries;
    private final AclDevices devices;
    private final AclStreams streams;
    private final AclMemory memory;
    private final AclGraphs graphs;
    private final AclTensors tensors;
    private final AclExecutors executors;
    private final AclnnOps ops;
    private final Hccl hccl;
    private final HcclCollectives collectives;

    private CannBindings(CannLibraries libraries) {
        this.libraries = libraries;
        StatusReader acl = new StatusReader(libraries, CannStatus.Origin.ACL);
        FunctionTable runtime = new FunctionTable(libraries, acl, AclFunction.values().length);
        devices = new AclDevices(runtime);
        streams = new AclStreams(runtime);
        memory = new AclMemory(runtime);
        graphs = new AclGraphs(runtime);
        FunctionTable descriptors = new FunctionTable(libraries, acl, DescriptorFunction.values().length);
        tensors = new AclTensors(descriptors);
        executors = new AclExecutors(descriptors);
        ops = new AclnnOps(new OperatorTable(libraries, acl));
        FunctionTable communication = new FunctionTable(
                libraries, new StatusReader(libraries, CannStatus.Origin.HCCL), HcclFunction.values().length);
        hccl = new Hccl(communication);
        collectives = new HcclCollectives(communication);
    }

    /** The interface of a home. */
    public static CannBindings of(CannHome home) {
        return BY_LIBRARIES.computeIfAbsent(CannLibraries.of(home), CannBindings::new);
    }

    /** Every function that this binding knows. */
    static List<CannFunction> functions() {
        List<CannFunction> functions = new ArrayList<>();
        functions.addAll(List.of(AclFunction.values()));
        functions.addAll(List.of(DescriptorFunction.values()));
        functions.addAll(List.of(HcclFunction.values()));
        functions.addAll(OperatorTable.functions());
        return List.copyOf(functions);
    }

    public CannLibraries libraries() {
        return libraries;
    }

    /**
     * Looks for every function that this binding knows and gives the missing ones, by name, with the reason; some came after
     * 8.1.RC1. Loads all libraries.
     */
    public Map<String, String> missing() {
        Map<String, String> missing = new TreeMap<>();
        for (CannFunction function : functions()) {
            if (libraries.find(function.cName()) instanceof CannSymbol.Missing(String name, String reason)) {
                missing.put(name, reason);
            }
        }
        return missing;
    }

    /** Which library answers for a function; empty when none does. */
    public Optional<String> libraryOf(String function) {
        return libraries.find(function) instanceof CannSymbol.Found found
                ? Optional.of(found.library().getFileName().toString())
                : Optional.empty();
    }

    public AclDevices devices() {
        return devices;
    }

    public AclStreams streams() {
        return streams;
    }

    public AclMemory memory() {
        return memory;
    }

    public AclGraphs graphs() {
        return graphs;
    }

    public AclTensors tensors() {
        return tensors;
    }

    public AclExecutors executors() {
        return executors;
    }

    public AclnnOps ops() {
        return ops;
    }

    public Hccl hccl() {
        return hccl;
    }

    public HcclCollectives collectives() {
        return collectives;
    }
}
