package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cpu.ffi.NativeBlockKernels;
import io.pangu.runtime.backend.cpu.ffi.NativeKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.vector.VectorKernels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What computes when there is no NPU: the C kernels, else the Vector API's. */
final class CpuSection {
    private CpuSection() {}

    static void add(Section section) {
        NativeKernels natives = NativeBlockKernels.load();
        VectorKernels.Lookup vectors = VectorKernels.find();
        boolean hasVectors = vectors instanceof VectorKernels.Lookup.Found;
        switch (natives) {
            case NativeKernels.Loaded(BlockKernels kernels, String origin) ->
                section.add(Finding.ok("C kernels", kernels.description() + ", self-check passed, from " + origin)
                        .with("kernels", kernels.description()));
            case NativeKernels.Missing(String reason) ->
                section.add(
                        hasVectors
                                ? Finding.warn(
                                        "C kernels",
                                        reason,
                                        "single requests decode as fast without, long prompts and batches at half the"
                                                + " speed with bf16 weights and a fifth with int8")
                                : Finding.fail("C kernels", reason, "the Vector API's can run instead, see below"));
        }
        switch (vectors) {
            case VectorKernels.Lookup.Found found ->
                section.add(Finding.ok("Vector API kernels", found.kernels().description())
                        .with("kernels", found.kernels().description()));
            case VectorKernels.Lookup.Missing(String reason) ->
                section.add(
                        natives instanceof NativeKernels.Loaded
                                ? Finding.ok("Vector API kernels", "not there, and not needed: " + reason)
                                : Finding.fail(
                                        "Vector API kernels",
                                        reason,
                                        "start java with --add-modules jdk.incubator.vector"));
        }
        section.add(Finding.ok("threads", Runtime.getRuntime().availableProcessors() + ", one for each processor")
                .with("threads", Runtime.getRuntime().availableProcessors()));
        section.add(hugePages());
    }

    private static Finding hugePages() {
        Path setting = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
        try {
            String text = Files.readString(setting, StandardCharsets.US_ASCII).strip();
            return text.contains("[never]")
                    ? Finding.warn(
                            "huge pages",
                            "the kernel grants none (" + text + "): weights are read about a fifth slower",
                            "echo madvise > " + setting)
                    : Finding.ok("huge pages", "granted where asked for (" + text + ")");
        } catch (IOException e) {
            return Finding.ok("huge pages", "unknown here: " + setting + " cannot be read");
        }
    }
}
