package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.cann.CCompiler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CannLibrariesTest {
    @TempDir
    Path root;

    private Path lib64;

    @BeforeEach
    void makeHome() throws IOException {
        lib64 = Files.createDirectories(root.resolve("lib64"));
    }

    private void library(String name, String... functions) throws Exception {
        StringBuilder source = new StringBuilder();
        for (String function : functions) {
            source.append("int ").append(function).append("(void) { return 0; }\n");
        }
        CCompiler.library(source.toString(), lib64.resolve(name));
    }

    private CannLibraries libraries() {
        return CannLibraries.of(new CannHome(root, "test"));
    }

    private static String answering(CannSymbol symbol) {
        assertThat(symbol).isInstanceOf(CannSymbol.Found.class);
        return ((CannSymbol.Found) symbol).library().getFileName().toString();
    }

    private static String reason(CannSymbol symbol) {
        assertThat(symbol).isInstanceOf(CannSymbol.Missing.class);
        return ((CannSymbol.Missing) symbol).reason();
    }

    @Test
    void theOldLayoutAnswersFromItsFourLibraries() throws Exception {
        library("libascendcl.so", "aclInit");
        library("libnnopbase.so", "aclCreateTensor");
        library("libopapi.so", "aclnnMm");
        library("libhccl.so", "HcclAllReduce", "HcclGetRootInfo");
        CannLibraries libraries = libraries();
        assertThat(answering(libraries.find("aclInit"))).isEqualTo("libascendcl.so");
        assertThat(answering(libraries.find("aclCreateTensor"))).isEqualTo("libnnopbase.so");
        assertThat(answering(libraries.find("aclnnMm"))).isEqualTo("libopapi.so");
        assertThat(answering(libraries.find("HcclGetRootInfo"))).isEqualTo("libhccl.so");
    }

    @Test
    void theSplitLayoutAnswersFromItsPartsBeforeTheWholes() throws Exception {
        library("libacl_rt.so", "aclInit");
        library("libascendcl.so", "aclInit", "aclmdlLoad");
        library("libopapi_nn.so", "aclnnMm");
        library("libopapi_transformer.so", "aclnnGroupedMatmulV5");
        library("libopapi.so", "aclnnMm", "aclnnOnlyThere");
        library("libhcomm.so", "HcclGetRootInfo");
        library("libhccl.so", "HcclAllReduce");
        CannLibraries libraries = libraries();
        assertThat(answering(libraries.find("aclInit"))).isEqualTo("libacl_rt.so");
        assertThat(answering(libraries.find("aclmdlLoad"))).isEqualTo("libascendcl.so");
        assertThat(answering(libraries.find("aclnnMm"))).isEqualTo("libopapi_nn.so");
        assertThat(answering(libraries.find("aclnnGroupedMatmulV5"))).isEqualTo("libopapi_transformer.so");
        assertThat(answering(libraries.find("aclnnOnlyThere"))).isEqualTo("libopapi.so");
        assertThat(answering(libraries.find("HcclGetRootInfo"))).isEqualTo("libhcomm.so");
        assertThat(answering(libraries.find("HcclAllReduce"))).isEqualTo("libhccl.so");
    }

    @Test
    void nothingIsLoadedBeforeItIsNeeded() throws Exception {
        library("libascendcl.so", "aclInit");
        library("libopapi.so", "aclnnMm");
        CannLibraries libraries = libraries();
        assertThat(libraries.chain()).allMatch(CannLibrary.Untouched.class::isInstance);
        libraries.find("aclInit");
        assertThat(loaded(libraries)).containsExactly("libascendcl.so");
        libraries.find("aclnnMm");
        assertThat(loaded(libraries)).containsExactly("libascendcl.so", "libopapi.so");
    }

    private static List<String> loaded(CannLibraries libraries) {
        return libraries.chain().stream()
                .filter(CannLibrary.Loaded.class::isInstance)
                .map(library -> library.file().getFileName().toString())
                .toList();
    }

    @Test
    void aHomeIsOpenedOncePerProcessUnderWhateverName() throws Exception {
        Path link = Files.createSymbolicLink(root.resolve("latest"), root);
        assertThat(CannLibraries.of(new CannHome(link, "link"))).isSameAs(libraries());
        assertThat(CannBindings.of(new CannHome(link, "link"))).isSameAs(CannBindings.of(new CannHome(root, "test")));
    }

    @Test
    void aMissingSymbolIsAReasonThatNamesWhoWasAsked() throws Exception {
        library("libascendcl.so", "aclInit");
        String reason = reason(libraries().find("aclnnNoSuchThing"));
        assertThat(reason)
                .contains("aclnnNoSuchThing", root.toString(), "(libascendcl.so)", "libnnopbase.so does not exist");
    }

    @Test
    void anEmptyHomeAnswersNothingAndThrowsNothing() {
        assertThat(reason(libraries().find("aclInit"))).contains("none could be loaded", "libacl_rt.so does not exist");
        assertThat(CannBindings.of(new CannHome(root, "test")).missing())
                .hasSize(FunctionList.all().size());
    }

    @Test
    void aLibraryThatTheSystemRefusesIsAReasonInTheSystemsWords() throws Exception {
        CCompiler.require();
        Files.writeString(lib64.resolve("libascendcl.so"), "certainly not ELF", StandardCharsets.UTF_8);
        assertThat(reason(libraries().find("aclInit")))
                .contains(lib64.resolve("libascendcl.so") + " cannot be loaded", "set_env.sh", "LD_LIBRARY_PATH")
                .containsAnyOf("file too short", "invalid ELF header");
    }

    @Test
    void aLibraryThatLacksAnotherNamesIt() throws Exception {
        library("libneeded.so", "needed");
        CCompiler.library(
                "int needed(void); int aclInit(void) { return needed(); }",
                lib64.resolve("libascendcl.so"),
                "-L" + lib64,
                "-lneeded");
        Files.delete(lib64.resolve("libneeded.so"));
        assertThat(reason(libraries().find("aclInit"))).contains("libneeded.so", "cannot open shared object file");
    }

    @Test
    void linkTimeStubsAreRefusedHoweverTheyAreReached() throws Exception {
        Path stubs = Files.createDirectories(root.resolve("x86_64-linux/devlib"));
        library("libascendcl.so", "aclInit");
        Files.move(lib64.resolve("libascendcl.so"), stubs.resolve("libascendcl.so"));
        Files.createSymbolicLink(lib64.resolve("libascendcl.so"), stubs.resolve("libascendcl.so"));
        assertThat(reason(libraries().find("aclInit"))).contains("link-time stub", "'devlib'", "point lib64");
    }
}
