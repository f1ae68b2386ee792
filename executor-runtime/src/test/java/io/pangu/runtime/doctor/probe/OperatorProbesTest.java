package io.pangu.runtime.doctor.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.cann.StandInCann.Fault;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.doctor.probe.OperatorProbe.Outcome;
import io.pangu.runtime.doctor.probe.OperatorProbe.Result;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Probes against the stand-in: right where the operator is, and nothing left on the device whatever happens. */
class OperatorProbesTest {
    /** What the stand-in does not serve in either layout. */
    private static final Set<AclnnOperator> UNSERVED = EnumSet.of(
            AclnnOperator.ADD_RMS_NORM_QUANT,
            AclnnOperator.APPLY_TOP_K_TOP_P,
            AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V5,
            AclnnOperator.TOP_K_TOP_P_SAMPLE);

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private static List<OperatorProbe> all() {
        return OperatorProbes.families().values().stream().flatMap(List::stream).toList();
    }

    private static OperatorProbe probe(AclnnOperator operator) {
        return all().stream().filter(p -> p.operator() == operator).findFirst().orElseThrow();
    }

    /** Runs probes on device 0. */
    private List<Result> run(Layout layout, AclDataType floats, List<OperatorProbe> probes) {
        CannBindings cann = standIn.cann().bindings(layout);
        cann.devices().init(null);
        cann.devices().setDevice(0);
        Acl.Stream stream = cann.streams().createStream();
        List<Result> results = new ArrayList<>();
        for (OperatorProbe probe : probes) {
            results.add(probe.run(cann, stream, floats, 5_000));
        }
        cann.streams().destroyStream(stream);
        cann.devices().resetDevice(0);
        return results;
    }

    private Result run(AclnnOperator operator) {
        return run(Layout.SPLIT, AclDataType.BFLOAT16, List.of(probe(operator))).getFirst();
    }

    @Test
    void everyOperatorOfTheBindingsHasOneProbeOrAReasonWhyNot() {
        Map<AclnnOperator, Integer> probes = new EnumMap<>(AclnnOperator.class);
        all().forEach(probe -> probes.merge(probe.operator(), 1, Integer::sum));
        assertThat(probes.values()).containsOnly(1);
        Set<AclnnOperator> covered = EnumSet.copyOf(probes.keySet());
        assertThat(covered)
                .doesNotContainAnyElementsOf(OperatorProbes.unprobed().keySet());
        covered.addAll(OperatorProbes.unprobed().keySet());
        assertThat(covered).isEqualTo(EnumSet.allOf(AclnnOperator.class));
        assertThat(OperatorProbes.unprobed().values()).noneMatch(String::isBlank);
    }

    @ParameterizedTest
    @CsvSource({"WHOLE,BFLOAT16", "WHOLE,FLOAT16", "SPLIT,BFLOAT16", "SPLIT,FLOAT16"})
    void everyOperatorThatIsThereIsRight(Layout layout, AclDataType floats) {
        for (Result result : run(layout, floats, all())) {
            boolean isThere = !UNSERVED.contains(result.operator())
                    && (layout == Layout.SPLIT || result.operator().isInOldestVersion());
            assertThat(result.outcome())
                    .as("%s: %s", result.operator(), result.message())
                    .isEqualTo(isThere ? Outcome.RIGHT : Outcome.ABSENT);
            assertThat(result.isDeviceLost()).isFalse();
        }
    }

    /** Holds each probe to its word: it sees a result that is wrong in one element. */
    @Test
    void everyProbeSeesAWrongResult() {
        List<OperatorProbe> served = all().stream()
                .filter(probe -> !UNSERVED.contains(probe.operator()))
                .toList();
        List<AclnnOperator> blind = new ArrayList<>();
        for (OperatorProbe probe : served) {
            standIn.cann().clearFaults();
            standIn.cann().fault(probe.operator().cName(), 1, Fault.TASK_WRONG, 0, 0);
            Result result =
                    run(Layout.SPLIT, AclDataType.BFLOAT16, List.of(probe)).getFirst();
            if (result.outcome() != Outcome.WRONG) {
                blind.add(probe.operator());
            }
        }
        assertThat(blind).isEmpty();
    }

    @Test
    void aWrongResultIsNamedWithWhatItShouldBe() {
        standIn.cann().fault("aclnnMm", 1, Fault.TASK_WRONG, 0, 0);
        Result result = run(AclnnOperator.MM);
        assertThat(result.outcome()).isEqualTo(Outcome.WRONG);
        assertThat(result.message()).matches("out\\[0] is \\S+ and should be \\S+ \\(within \\S+\\)");
        assertThat(result.maxError()).isGreaterThan(1);
        assertThat(run(AclnnOperator.MM).outcome()).isEqualTo(Outcome.RIGHT);
    }

    @ParameterizedTest
    @CsvSource({
        "aclnnMmGetWorkspaceSize,FAIL,561000,false",
        "aclnnMm,FAIL,361001,true",
        "aclnnMm,TASK_FAIL,507015,true",
        "aclrtMalloc,FAIL,207001,false",
        "aclCreateTensor,FAIL,,false"
    })
    void aFailureIsToldWithItsCode(String function, Fault fault, Integer code, boolean isDeviceLost) {
        standIn.cann().fault(function, 1, fault, 0, 0);
        Result result = run(AclnnOperator.MM);
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.code().orElse(null)).isEqualTo(code);
        assertThat(result.message()).contains("failed").doesNotContain("null");
        assertThat(result.isDeviceLost()).isEqualTo(isDeviceLost);
    }

    @Test
    void anOperatorThatDoesNotEndLosesTheDevice() {
        standIn.cann().fault("aclnnMm", 1, Fault.TASK_HANG, 0, 0);
        CannBindings cann = standIn.cann().bindings(Layout.SPLIT);
        cann.devices().init(null);
        cann.devices().setDevice(0);
        Acl.Stream stream = cann.streams().createStream();
        Result result = probe(AclnnOperator.MM).run(cann, stream, AclDataType.BFLOAT16, 20);
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.isDeviceLost()).isTrue();
        standIn.cann().releaseHung();
        cann.devices().resetDeviceForce(0);
    }

    @Test
    void anAbsentOperatorIsToldWithTheLibrariesThatWereAsked() {
        Result result = run(Layout.WHOLE, AclDataType.BFLOAT16, List.of(probe(AclnnOperator.GROUPED_MATMUL_V5)))
                .getFirst();
        assertThat(result.outcome()).isEqualTo(Outcome.ABSENT);
        assertThat(result.message()).contains("aclnnGroupedMatmulV5").contains("libopapi.so");
    }

    @Test
    void afterAnyFaultOfAnyCallNothingIsLeft() {
        List<OperatorProbe> some = List.of(
                probe(AclnnOperator.MM), probe(AclnnOperator.CAT), probe(AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V3));
        for (int nth = 1; nth <= 12; nth++) {
            for (String function : List.of("aclrtMalloc", "aclCreate*", "aclnn*GetWorkspaceSize", "aclrtMemcpy")) {
                standIn.cann().clearFaults();
                standIn.cann().fault(function, nth, Fault.FAIL, 0, 0);
                run(Layout.SPLIT, AclDataType.FLOAT16, some);
                assertThat(standIn.cann().leaks())
                        .as("%s call of %s", nth, function)
                        .isEmpty();
            }
        }
    }

    @Test
    void valuesAreRoundedToTheNearestOfTheirType() {
        MemorySegment memory = MemorySegment.ofArray(new long[4]);
        Floats.put(memory, AclDataType.BFLOAT16, 0, 1 + 0x1p-8); // half way: to even
        Floats.put(memory, AclDataType.BFLOAT16, 1, 1 + 3 * 0x1p-8);
        Floats.put(memory, AclDataType.BFLOAT16, 2, -3.5);
        assertThat(Floats.get(memory, AclDataType.BFLOAT16, 0)).isEqualTo(1);
        assertThat(Floats.get(memory, AclDataType.BFLOAT16, 1)).isEqualTo(1 + 0x1p-6);
        assertThat(Floats.get(memory, AclDataType.BFLOAT16, 2)).isEqualTo(-3.5);
        Floats.put(memory, AclDataType.INT8, 8, -127);
        assertThat(Floats.get(memory, AclDataType.INT8, 8)).isEqualTo(-127);
        assertThat(Floats.tolerance(AclDataType.INT32)).isZero();
        assertThat(Floats.tolerance(AclDataType.BFLOAT16)).isGreaterThan(Floats.tolerance(AclDataType.FLOAT16));
    }

    @Test
    void quantisationRoundsHalvesToEvenAndClamps() {
        double[] x = {1.27, -0.635, 0.005, 0};
        double[] scales = Quantised.rowScales(x, 1);
        assertThat(scales[0]).isEqualTo(0.01);
        assertThat(Quantised.rows(x, scales)).containsExactly(127, -64, 0, 0);
        assertThat(Quantised.clamp(-200)).isEqualTo(-128);
    }
}
