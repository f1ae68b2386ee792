package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.doctor.probe.OperatorChoice;
import io.pangu.runtime.doctor.probe.OperatorProbe;
import io.pangu.runtime.doctor.probe.OperatorProbe.Outcome;
import io.pangu.runtime.doctor.probe.OperatorProbes;
import io.pangu.runtime.doctor.probe.Use;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Every operator on tiny inputs against plain loops, on one NPU; a product of matrices on each of the others. */
final class OperatorSection {
    private final CannBindings cann;
    private final AclDataType floats;
    private final Demand demand;

    /**
     * The section of an installation.
     *
     * @param floats the element type in which the engine computes
     */
    OperatorSection(CannBindings cann, AclDataType floats, Demand demand) {
        this.cann = cann;
        this.floats = floats;
        this.demand = demand;
    }

    void add(Section section, List<OpenDevice> devices) {
        OpenDevice first = devices.getFirst();
        for (Map.Entry<String, List<OperatorProbe>> family :
                OperatorProbes.families().entrySet()) {
            addFamily(section, family.getKey(), family.getValue(), first);
        }
        OperatorProbes.unprobed()
                .forEach((operator, reason) -> section.add(
                        Finding.ok(operator.cName(), "not probed: " + reason).asDetail()));
        OperatorProbe product = OperatorProbes.of(AclnnOperator.MM);
        for (OpenDevice device : devices.subList(1, devices.size())) {
            Finding finding = probe(product, device);
            section.add(named("NPU " + device.id(), finding));
        }
    }

    private static Finding named(String subject, Finding f) {
        return new Finding(f.level(), subject, f.subject() + ": " + f.found(), f.remedy(), f.facts(), false);
    }

    private void addFamily(Section section, String family, List<OperatorProbe> probes, OpenDevice device) {
        List<Finding> findings = new ArrayList<>();
        for (OperatorProbe probe : probes) {
            findings.add(probe(probe, device));
        }
        long right = findings.stream().filter(f -> is(f, Outcome.RIGHT)).count();
        List<String> absent = findings.stream()
                .filter(f -> is(f, Outcome.ABSENT))
                .map(f -> f.subject().substring("aclnn".length()))
                .toList();
        double worst = findings.stream()
                .filter(f -> is(f, Outcome.RIGHT))
                .mapToDouble(f -> (double) f.facts().getOrDefault("maxError", 0.0))
                .max()
                .orElse(0);
        Finding summary = Finding.ok(
                family,
                "%d of %d right%s%s"
                        .formatted(
                                right,
                                findings.size() - absent.size(),
                                right > 0 ? ", largest error %.2g".formatted(worst) : "",
                                absent.isEmpty() ? "" : "; not in this CANN: " + String.join(", ", absent)));
        section.add(summary);
        findings.forEach(section::add);
    }

    private static boolean is(Finding finding, Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).equals(finding.facts().get("outcome"));
    }

    private Finding probe(OperatorProbe probe, OpenDevice device) {
        String name = probe.operator().cName();
        Use use = OperatorChoice.useOf(probe.operator(), cann.ops()::has);
        if (device.isLost()) {
            return Finding.warn(name, "not probed: the NPU is lost since the failure above", "mend that first")
                    .with("outcome", "left out")
                    .with("use", use.name());
        }
        try {
            OperatorProbe.Result result = device.run(
                    "probing " + name, (bindings, stream) -> probe.run(bindings, stream, floats, device.waitMillis()));
            if (result.isDeviceLost()) {
                device.markLost();
            }
            return finding(result, use);
        } catch (StepFailure e) {
            device.markLost();
            return trouble(name, use, e.words() + "; what comes after it on this NPU is left out")
                    .with("outcome", "failed")
                    .with("use", use.name());
        }
    }

    private Finding finding(OperatorProbe.Result result, Use use) {
        String name = result.operator().cName();
        Finding finding = switch (result.outcome()) {
            case RIGHT ->
                Finding.ok(name, "right, largest error %.2g".formatted(result.maxError()))
                        .asDetail();
            case ABSENT ->
                Finding.ok(name, "not in this CANN; the engine does not take it here")
                        .asDetail();
            case WRONG -> trouble(name, use, "answers wrong numbers: " + result.message());
            case FAILED -> trouble(name, use, result.message());
        };
        finding = finding.with("outcome", result.outcome().name().toLowerCase(Locale.ROOT))
                .with("use", use.name())
                .with("maxError", result.maxError());
        return result.code().isPresent() ? finding.with("code", result.code().get()) : finding;
    }

    private Finding trouble(String name, Use use, String found) {
        if (demand.includes(use)) {
            return Finding.fail(
                    name,
                    found,
                    "the engine takes this operator here" + olderOnes(name)
                            + "; install another version of CANN and its operators' package, and report this");
        }
        return Finding.warn(
                name,
                found,
                use == Use.INT8
                        ? "checkpoints with int8 weights cannot run; those with float weights can"
                        : "the engine does not take this operator here");
    }

    private String olderOnes(String name) {
        String others = OperatorChoice.all().stream()
                .filter(choice ->
                        choice.newestFirst().stream().anyMatch(op -> op.cName().equals(name)))
                .flatMap(choice -> choice.newestFirst().stream())
                .filter(op -> !op.cName().equals(name) && cann.ops().has(op))
                .map(AclnnOperator::cName)
                .collect(Collectors.joining(", "));
        return others.isEmpty() ? "" : " rather than " + others;
    }
}
