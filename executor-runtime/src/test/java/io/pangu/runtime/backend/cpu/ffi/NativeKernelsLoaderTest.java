package io.pangu.runtime.backend.cpu.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeKernelsLoaderTest {
    private static final String RESOURCE =
            "/io/pangu/runtime/native/" + NativeLibrary.platform() + "/" + NativeLibrary.FILE_NAME;

    @TempDir
    Path directory;

    @Test
    void loadsTheLibraryOfThisBuildOrSaysWhatIsMissing() {
        switch (NativeBlockKernels.load()) {
            case NativeKernels.Loaded loaded -> {
                assertThat(loaded.kernels().description()).matches("(AVX-512|AVX2|NEON).*");
                assertThat(loaded.origin()).isNotBlank();
            }
            case NativeKernels.Missing missing -> assertThat(missing.reason()).isNotBlank();
        }
    }

    @Test
    void loadsOnceAndGivesTheSameAnswerAgain() {
        assertThat(NativeBlockKernels.load()).isSameAs(NativeBlockKernels.load());
    }

    @Test
    void leavesNoCopyOfTheLibraryBehind() throws IOException {
        Assumptions.assumeTrue(NativeKernelsLoaderTest.class.getResource(RESOURCE) != null, "no C compiler here");
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        long before = copiesIn(temporary);
        assertThat(NativeLibrary.openResource(RESOURCE, NativeLibrary.platform()))
                .isInstanceOf(NativeLibrary.Opened.Library.class);
        assertThat(copiesIn(temporary)).isLessThanOrEqualTo(before);
    }

    @Test
    void saysThatTheBuildHasNoLibraryForAnUnknownPlatform() {
        NativeKernels found =
                NativeKernelsLoader.load(NativeLibrary.openResource("/no/such/library.so", "plan9-riscv64"));
        assertThat(reasonOf(found)).contains("plan9-riscv64", "C compiler");
    }

    @Test
    void saysWhichFileIsMissingInTheDirectoryThatTheUserNamed() {
        NativeKernels found = NativeKernelsLoader.load(NativeLibrary.openFile(directory.resolve("libpangu_cpu.so")));
        assertThat(reasonOf(found)).contains(directory.toString(), "does not exist", "-Dpangu.native.dir");
    }

    @Test
    void refusesAFileThatIsNoLibrary() throws IOException {
        Path file = directory.resolve("libpangu_cpu.so");
        Files.writeString(file, "certainly not ELF", StandardCharsets.UTF_8);
        assertThat(reasonOf(NativeKernelsLoader.load(NativeLibrary.openFile(file))))
                .contains(file.toString(), "damaged", "no 64-bit shared library");
    }

    @Test
    void refusesATruncatedLibrary() throws IOException {
        byte[] whole;
        try (InputStream library = NativeKernelsLoaderTest.class.getResourceAsStream(RESOURCE)) {
            Assumptions.assumeTrue(library != null, "no C compiler here");
            whole = library.readAllBytes();
        }
        Path file = directory.resolve("libpangu_cpu.so");
        for (int length : new int[] {1000, whole.length / 2, whole.length * 9 / 10}) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(reasonOf(NativeKernelsLoader.load(NativeLibrary.openFile(file))))
                    .contains(file.toString(), "cut short");
        }
    }

    @Test
    void namesEveryFunctionThatALibraryOfAnotherVersionLacks() {
        SymbolLookup empty = name -> Optional.empty();
        NativeKernels found = NativeKernelsLoader.load(new NativeLibrary.Opened.Library(empty, "other.so"));
        assertThat(reasonOf(found)).contains("other.so", "pangu_abi", "pangu_set", "pangu_missing");
    }

    @Test
    void aMissingFunctionIsAHandleThatThrows() {
        NativeSymbols symbols = new NativeSymbols(name -> Optional.empty());
        LibraryBindings bindings = LibraryBindings.of(symbols);
        assertThatThrownBy(bindings::version)
                .isInstanceOf(UnsatisfiedLinkError.class)
                .hasMessageContaining("pangu_abi");
        CpuBindings.of(symbols, "avx2");
        assertThat(symbols.missing()).contains("pangu_avx2_gemm_int8", "pangu_avx2_sum_exp_row");
    }

    @Test
    void saysWhichSetsThereAreWhenAnotherIsNamed() {
        Assumptions.assumeTrue(NativeKernelsLoaderTest.class.getResource(RESOURCE) != null, "no C compiler here");
        NativeKernels found = NativeKernelsLoader.load(NativeLibrary.open(), "mmx");
        assertThat(reasonOf(found)).contains("no kernels 'mmx'").containsAnyOf("[avx512, avx2]", "[neon]");
    }

    @Test
    void takesTheFirstSetThatRuns() throws Throwable {
        Assumptions.assumeTrue(
                NativeLibrary.open() instanceof NativeLibrary.Opened.Library, "no C library for this machine");
        NativeLibrary.Opened.Library library = (NativeLibrary.Opened.Library) NativeLibrary.open();
        List<LibraryBindings.KernelSet> sets =
                LibraryBindings.of(new NativeSymbols(library.symbols())).sets();
        assertThat(sets).isNotEmpty();
        sets.stream().filter(set -> set.missing().isEmpty()).findFirst().ifPresent(first -> {
            NativeKernels.Loaded loaded = (NativeKernels.Loaded) NativeKernelsLoader.load(library, "");
            assertThat(loaded.kernels().description()).isEqualTo(first.description());
        });
        sets.stream()
                .filter(set -> set.missing().isPresent())
                .forEach(set -> assertThat(reasonOf(NativeKernelsLoader.load(library, set.name())))
                        .contains("does not run here", set.name(), set.missing().get()));
    }

    private static String reasonOf(NativeKernels found) {
        assertThat(found).isInstanceOf(NativeKernels.Missing.class);
        return ((NativeKernels.Missing) found).reason();
    }

    private static long copiesIn(Path temporary) throws IOException {
        try (Stream<Path> files = Files.list(temporary)) {
            return files.filter(file -> file.getFileName().toString().startsWith("pangu-cpu-"))
                    .count();
        }
    }
}
