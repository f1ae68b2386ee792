package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannLibrary;
import io.pangu.runtime.doctor.probe.OperatorChoice;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Which libraries load, which functions they have, and which version of each operator the engine takes. Loads them all. */
final class LibrarySection {
    /** Without these no operator runs, whatever else is there. */
    private static final List<String> NEEDED = List.of(
            "aclInit",
            "aclFinalize",
            "aclGetRecentErrMsg",
            "aclrtGetSocName",
            "aclrtGetDeviceCount",
            "aclrtSetDevice",
            "aclrtResetDevice",
            "aclrtCreateStream",
            "aclrtDestroyStream",
            "aclrtSynchronizeStreamWithTimeout",
            "aclrtMalloc",
            "aclrtFree",
            "aclrtMallocHost",
            "aclrtFreeHost",
            "aclrtMemcpy",
            "aclrtMemcpyAsync",
            "aclrtGetMemInfo",
            "aclrtRecordEvent",
            "aclCreateTensor",
            "aclDestroyTensor",
            "aclCreateTensorList",
            "aclDestroyTensorList",
            "aclCreateScalar",
            "aclDestroyScalar",
            "aclCreateIntArray",
            "aclDestroyIntArray",
            "aclSetAclOpExecutorRepeatable",
            "aclDestroyAclOpExecutor");

    private final CannBindings cann;
    private final int numDevices;
    private final Demand demand;

    LibrarySection(CannBindings cann, int numDevices, Demand demand) {
        this.cann = cann;
        this.numDevices = numDevices;
        this.demand = demand;
    }

    void add(Section section) {
        Map<String, String> missing = cann.missing();
        addLibraries(section);
        addFunctions(section, missing);
        for (OperatorChoice choice : OperatorChoice.all()) {
            section.add(chosen(choice));
        }
        List<String> unused = missing.keySet().stream()
                .filter(name -> AclnnOperator.named(name).isPresent())
                .toList();
        if (!unused.isEmpty()) {
            section.add(Finding.ok(
                            "absent operators",
                            unused.size() + " that some version has are not in this one: " + String.join(", ", unused))
                    .asDetail());
        }
    }

    private void addLibraries(Section section) {
        List<String> loaded = new ArrayList<>();
        for (CannLibrary library : cann.libraries().chain()) {
            String name = library.file().getFileName().toString();
            switch (library) {
                case CannLibrary.Loaded ignored -> loaded.add(name);
                case CannLibrary.Unusable(var file, var reason)
                when Files.exists(file) ->
                    section.add(Finding.warn(name, reason, "the engine needs it only if functions are missing below"));
                case CannLibrary.Unusable ignored ->
                    section.add(
                            Finding.ok(name, "is not in this layout of CANN").asDetail());
                case CannLibrary.Untouched ignored ->
                    section.add(Finding.ok(name, "was not needed").asDetail());
            }
        }
        section.add(
                loaded.isEmpty()
                        ? Finding.fail(
                                "libraries",
                                "none of those in " + cann.libraries().home().libraries() + " can be loaded",
                                "run CANN's set_env.sh before java starts, and install the toolkit for this processor")
                        : Finding.ok("libraries", String.join(", ", loaded)));
    }

    private void addFunctions(Section section, Map<String, String> missing) {
        List<String> lacking = NEEDED.stream().filter(missing::containsKey).toList();
        if (!lacking.isEmpty()) {
            section.add(Finding.fail(
                    "functions",
                    "not in any library: " + String.join(", ", lacking),
                    "install CANN 8.1.RC1 or newer, toolkit and operators' package"));
        } else {
            section.add(Finding.ok(
                    "functions",
                    NEEDED.size() + " of " + NEEDED.size() + " that the engine needs; aclrtMalloc by "
                            + cann.libraryOf("aclrtMalloc").orElse("none")
                            + cann.libraryOf("aclnnMm")
                                    .map(name -> ", aclnnMm by " + name)
                                    .orElse("")));
        }
        List<String> other = missing.keySet().stream()
                .filter(name -> !name.startsWith("aclnn") && !NEEDED.contains(name) && !name.startsWith("Hccl"))
                .toList();
        if (!other.isEmpty()) {
            section.add(Finding.ok("newer functions", "not in this version: " + String.join(", ", other))
                    .asDetail());
        }
        if (cann.hccl().isPresent()) {
            section.add(Finding.ok(
                    "HCCL",
                    "HcclAllReduce by " + cann.libraryOf("HcclAllReduce").orElse("none")));
        } else if (numDevices > 1) {
            section.add(Finding.fail(
                    "HCCL",
                    "no library has HcclAllReduce and HcclCommInitRootInfo, and several NPUs need them",
                    "install CANN with HCCL, or use one NPU"));
        } else {
            section.add(Finding.warn(
                    "HCCL", "no library has HcclAllReduce: only one NPU can be used", "install CANN with HCCL"));
        }
    }

    private Finding chosen(OperatorChoice choice) {
        List<AclnnOperator> there =
                choice.newestFirst().stream().filter(cann.ops()::has).toList();
        if (there.isEmpty()) {
            String names =
                    choice.newestFirst().stream().map(AclnnOperator::cName).collect(Collectors.joining(" or "));
            String remedy = "install the operators' package of this NPU, 8.1.RC1 or newer";
            String lack = "this CANN lacks " + names;
            return demand.includes(choice.use())
                    ? Finding.fail(choice.purpose(), lack, remedy)
                    : Finding.warn(choice.purpose(), lack + ": checkpoints with int8 weights cannot run", remedy);
        }
        AclnnOperator chosen = there.getFirst();
        String older = there.size() == 1
                ? ""
                : ", newer than "
                        + there.subList(1, there.size()).stream()
                                .map(AclnnOperator::cName)
                                .collect(Collectors.joining(" and "))
                        + ", there too";
        Finding finding = Finding.ok(choice.purpose(), chosen.cName() + older).with("operator", chosen.cName());
        return choice.newestFirst().size() == 1 ? finding.asDetail() : finding;
    }
}
