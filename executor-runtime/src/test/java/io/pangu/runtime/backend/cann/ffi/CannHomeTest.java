package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CannHomeTest {
    @TempDir
    Path root;

    private Path home(String place, String library) throws IOException {
        Path home = root.resolve(place);
        Files.createDirectories(home.resolve("lib64"));
        Files.createFile(home.resolve("lib64").resolve(library));
        return home;
    }

    private CannHome.Search find(Optional<Path> option, Map<String, String> environment) {
        return CannHome.find(option, environment, root);
    }

    private static CannHome found(CannHome.Search search) {
        assertThat(search).isInstanceOf(CannHome.Search.Found.class);
        return ((CannHome.Search.Found) search).home();
    }

    private static String reason(CannHome.Search search) {
        assertThat(search).isInstanceOf(CannHome.Search.NotFound.class);
        return ((CannHome.Search.NotFound) search).reason();
    }

    @ParameterizedTest
    @ValueSource(strings = {"libascendcl.so", "libacl_rt.so"})
    void aHomeHasEitherLayoutsRuntimeLibrary(String library) throws IOException {
        Path home = home("opt/cann", library);
        CannHome found = found(find(Optional.of(home), Map.of()));
        assertThat(found.directory()).isEqualTo(home);
        assertThat(found.libraries()).isEqualTo(home.resolve("lib64"));
    }

    @Test
    void theOptionComesBeforeTheEnvironmentAndTheEnvironmentBeforeTheDefaultPlaces() throws IOException {
        Path option = home("option", "libascendcl.so");
        Path first = home("first", "libascendcl.so");
        Path second = home("second", "libascendcl.so");
        Path toolkit = home("usr/local/Ascend/ascend-toolkit/latest", "libascendcl.so");
        Path cann = home("usr/local/Ascend/cann", "libacl_rt.so");
        Path own = home("home/me/Ascend/cann", "libacl_rt.so");
        Map<String, String> both =
                Map.of("ASCEND_HOME_PATH", first.toString(), "ASCEND_TOOLKIT_HOME", second.toString());
        assertThat(found(find(Optional.of(option), both)).directory()).isEqualTo(option);
        assertThat(found(find(Optional.empty(), both))).isEqualTo(new CannHome(first, "ASCEND_HOME_PATH"));
        assertThat(found(find(Optional.empty(), Map.of("ASCEND_TOOLKIT_HOME", second.toString()))))
                .isEqualTo(new CannHome(second, "ASCEND_TOOLKIT_HOME"));
        assertThat(found(find(Optional.empty(), Map.of())).directory()).isEqualTo(toolkit);
        Files.delete(toolkit.resolve("lib64/libascendcl.so"));
        assertThat(found(find(Optional.empty(), Map.of())).directory()).isEqualTo(cann);
        Files.delete(cann.resolve("lib64/libacl_rt.so"));
        Map<String, String> user = Map.of("HOME", root.resolve("home/me").toString());
        assertThat(found(find(Optional.empty(), user)).directory()).isEqualTo(own);
    }

    @Test
    void aWrongVariableIsPassedOver() throws IOException {
        Path home = home("right", "libascendcl.so");
        Map<String, String> environment =
                Map.of("ASCEND_HOME_PATH", root.resolve("wrong").toString(), "ASCEND_TOOLKIT_HOME", home.toString());
        assertThat(found(find(Optional.empty(), environment)).directory()).isEqualTo(home);
    }

    @Test
    void aWrongOptionIsNotPassedOver() throws IOException {
        home("usr/local/Ascend/cann", "libascendcl.so");
        String reason = reason(find(Optional.of(root.resolve("wrong")), Map.of()));
        assertThat(reason).contains(root.resolve("wrong").toString(), "the option", "lib64/libascendcl.so");
    }

    @Test
    void namesEveryPlaceAndTheRemedyWhenThereIsNone() {
        String reason =
                reason(find(Optional.empty(), Map.of("ASCEND_HOME_PATH", "/nowhere/cann", "HOME", "/home/nobody")));
        assertThat(reason)
                .contains(
                        "/nowhere/cann (ASCEND_HOME_PATH)",
                        "usr/local/Ascend/ascend-toolkit/latest",
                        "usr/local/Ascend/cann",
                        "/home/nobody/Ascend/cann",
                        "set_env.sh before java starts");
    }

    @Test
    void theVersionComesFromTheInstallationsFiles() throws IOException {
        Path home = home("opt/cann", "libascendcl.so");
        CannHome found = found(find(Optional.of(home), Map.of()));
        assertThat(found.version()).isEmpty();
        Files.createDirectories(home.resolve("runtime"));
        Files.writeString(home.resolve("runtime/version.info"), "Version=7.7.0.1\n", StandardCharsets.UTF_8);
        assertThat(found.version()).contains("7.7.0.1");
        Files.createDirectories(home.resolve("x86_64-linux"));
        Files.writeString(
                home.resolve("x86_64-linux/ascend_toolkit_install.info"),
                "package_name=Ascend-cann-toolkit\nversion=8.1.RC1\ninnerversion=V100\n",
                StandardCharsets.UTF_8);
        assertThat(found.version()).contains("8.1.RC1");
    }
}
