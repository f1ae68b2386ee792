package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is bound, against the list of names and types. */
class BoundFunctionsTest {
    private static final Map<String, String> BOUND = CannBindings.functions().stream()
            .collect(Collectors.toMap(
                    CannFunction::cName, f -> Signature.of(f.letters()).letters()));

    @Test
    void everyBoundDescriptorIsTheListsAndEveryFunctionOfTheListIsBound() {
        Map<String, String> listed = FunctionList.all().stream()
                .collect(Collectors.toMap(FunctionList.Entry::name, FunctionList.Entry::letters));
        assertThat(BOUND).containsExactlyInAnyOrderEntriesOf(listed);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    libascendcl.so, necessary | 60
                    libnnopbase.so, necessary | 38
                    libhccl.so, necessary     | 26
                    libopapi.so, necessary    | 114
                    """)
    void theListHasWhatAnEngineNeedsAtLeast(String section, int numFunctions) {
        assertThat(FunctionList.section(section)).hasSize(numFunctions).doesNotHaveDuplicates();
    }

    @Test
    void everyOperatorOfTheListHasBothPhases() {
        List<String> names =
                FunctionList.all().stream().map(FunctionList.Entry::name).toList();
        List<String> operators = names.stream()
                .filter(name -> name.startsWith("aclnn") && name.endsWith("GetWorkspaceSize"))
                .map(name -> name.substring(0, name.length() - "GetWorkspaceSize".length()))
                .toList();
        assertThat(operators).hasSize(86);
        assertThat(names).containsAll(operators);
        assertThat(Arrays.stream(AclnnOperator.values()).map(AclnnOperator::cName))
                .containsExactlyInAnyOrderElementsOf(operators);
    }

    @Test
    void taskGroupsAndTheOperatorsOfStaticQuantisationAreBound() {
        assertThat(BOUND)
                .containsKeys(
                        "aclmdlRICaptureTaskGrpBegin",
                        "aclmdlRICaptureTaskGrpEnd",
                        "aclmdlRICaptureTaskUpdateBegin",
                        "aclmdlRICaptureTaskUpdateEnd",
                        "aclnnAscendQuant",
                        "aclnnAscendQuantV3",
                        "aclnnNeg");
    }

    @Test
    void operatorsAfterTheOldestVersionAreThoseThatTheListCallsLater() {
        List<String> later = FunctionList.section("after 8.1.RC1").stream()
                .map(FunctionList.Entry::name)
                .filter(name -> name.startsWith("aclnn") && !name.endsWith("GetWorkspaceSize"))
                .toList();
        assertThat(Arrays.stream(AclnnOperator.values())
                        .filter(op -> !op.isInOldestVersion())
                        .map(AclnnOperator::cName))
                .containsExactlyInAnyOrderElementsOf(later);
    }

    @Test
    void placesInATableAreWithoutGaps() {
        for (CannFunction[] kind :
                List.<CannFunction[]>of(AclFunction.values(), DescriptorFunction.values(), HcclFunction.values())) {
            for (int i = 0; i < kind.length; i++) {
                assertThat(kind[i].ordinal()).isEqualTo(i);
            }
        }
        int numOperators = AclnnOperator.values().length;
        assertThat(OperatorTable.functions().stream().map(CannFunction::ordinal))
                .containsExactlyElementsOf(IntStream.range(0, 2 * numOperators)
                        .map(i -> i % numOperators)
                        .boxed()
                        .toList());
    }

    @Test
    void anOperatorIsFoundByItsName() {
        assertThat(AclnnOperator.named("aclnnGroupedMatmulV4")).contains(AclnnOperator.GROUPED_MATMUL_V4);
        assertThat(AclnnOperator.named("aclnnMatmulBias")).isEmpty();
    }
}
