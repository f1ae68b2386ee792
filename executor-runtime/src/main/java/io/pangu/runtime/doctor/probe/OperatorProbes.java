package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All probes, by family. */
public final class OperatorProbes {
    private static final Map<String, List<OperatorProbe>> BY_FAMILY = byFamily();

    /** Operators without a probe, and why. */
    private static final Map<AclnnOperator, String> UNPROBED = new EnumMap<>(Map.of(
            AclnnOperator.MATMUL_ALL_REDUCE,
            "it needs a communicator of several devices; the engine multiplies and reduces in two steps"));

    private OperatorProbes() {}

    private static Map<String, List<OperatorProbe>> byFamily() {
        Map<String, List<OperatorProbe>> families = new LinkedHashMap<>();
        families.put("matrix products", LinearProbes.probes());
        families.put("norms", NormProbes.probes());
        families.put("rotary embedding", RotaryProbes.probes());
        families.put("attention", AttentionProbes.probes());
        families.put("routing", MoeProbes.probes());
        families.put("experts", ExpertProbes.probes());
        families.put("int8", QuantProbes.probes());
        families.put("elements", ElementwiseProbes.probes());
        families.put("indices", IndexProbes.probes());
        families.put("reductions", ReductionProbes.probes());
        return families;
    }

    /** The probes of each family of operators, in the order in which they run. */
    public static Map<String, List<OperatorProbe>> families() {
        return BY_FAMILY;
    }

    /** The probe of an operator that has one. */
    public static OperatorProbe of(AclnnOperator operator) {
        return BY_FAMILY.values().stream()
                .flatMap(List::stream)
                .filter(probe -> probe.operator() == operator)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(operator + " has no probe"));
    }

    /** Operators that cannot be probed alone, with the reason. */
    public static Map<AclnnOperator, String> unprobed() {
        return Map.copyOf(UNPROBED);
    }
}
