package io.pangu.runtime;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.core.domain.properties.HasModifiers.Predicates.modifier;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Which package may import which, and what stays inside the few packages made for it. */
class ArchitectureTest {
    private static final String ROOT = "io.pangu.runtime";

    /** A package and all of ours that it may import; ARCHITECTURE.md draws the same picture. */
    private static final Map<String, List<String>> ARROWS = arrows();

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    private static Map<String, List<String>> arrows() {
        Map<String, List<String>> arrows = new LinkedHashMap<>();
        arrows.put("error", List.of());
        arrows.put("tensor", List.of("error"));
        arrows.put("config", List.of("tensor", "error"));
        arrows.put("weights", List.of("tensor", "error"));
        arrows.put("quant", List.of("weights", "tensor", "error"));
        arrows.put("tokenizer.jinja", List.of());
        arrows.put("tokenizer", List.of("tokenizer.jinja", "error"));
        arrows.put("backend", List.of("tensor", "quant", "error"));
        arrows.put("backend.cpu.math", List.of("error"));
        arrows.put("backend.cpu.ffi", List.of("backend.cpu.math", "error"));
        arrows.put("backend.cpu.vector", List.of("backend.cpu.math", "error"));
        arrows.put(
                "backend.cpu",
                List.of(
                        "backend",
                        "backend.cpu.math",
                        "backend.cpu.ffi",
                        "backend.cpu.vector",
                        "tensor",
                        "quant",
                        "error"));
        arrows.put("backend.cann.ffi", List.of("error"));
        arrows.put("backend.cann", List.of("backend", "backend.cann.ffi", "tensor", "quant", "error"));
        arrows.put("parallel", List.of("backend", "config", "error"));
        arrows.put("kvcache", List.of("error"));
        arrows.put("sampling", List.of("error"));
        arrows.put("model", List.of("config", "weights", "quant", "backend", "parallel", "tensor", "error"));
        arrows.put("scheduler", List.of("kvcache", "sampling", "error"));
        arrows.put(
                "engine",
                List.of(
                        "error",
                        "tensor",
                        "config",
                        "weights",
                        "quant",
                        "tokenizer",
                        "backend",
                        "parallel",
                        "kvcache",
                        "sampling",
                        "model",
                        "scheduler"));
        arrows.put("doctor.probe", List.of("backend.cann.ffi"));
        arrows.put(
                "doctor",
                List.of(
                        "doctor.probe",
                        "backend.cann",
                        "backend.cann.ffi",
                        "backend.cpu.ffi",
                        "backend.cpu.math",
                        "backend.cpu.vector",
                        "config",
                        "weights",
                        "parallel",
                        "tensor",
                        "error"));
        return arrows;
    }

    @TestFactory
    Stream<DynamicTest> importsOnlyWhatItsArrowsAllow() {
        return ARROWS.keySet().stream()
                .map(name -> DynamicTest.dynamicTest(
                        name, () -> onlyAllowedImports(ROOT, name).check(MAIN)));
    }

    @Test
    void everyPackageHasItsArrows() {
        List<String> packages = MAIN.stream()
                .map(c ->
                        c.getPackageName().substring(Math.min(c.getPackageName().length(), ROOT.length() + 1)))
                .distinct()
                .toList();
        assertThat(ARROWS.keySet()).containsAll(packages);
    }

    @Test
    void packagesAreFreeOfCycles() {
        noCycles(ROOT).check(MAIN);
    }

    @Test
    void linkerStaysInFfiPackages() {
        linkerOnlyInFfi(ROOT).check(MAIN);
    }

    @Test
    void vectorApiStaysInItsPackage() {
        vectorApiOnlyInItsPackage(ROOT).check(MAIN);
    }

    @Test
    void mappedMemoryStaysBelowTheEngine() {
        noMemorySegments(ROOT).check(MAIN);
    }

    @Test
    void knowsNothingOfSpark() {
        noSpark(ROOT).check(MAIN);
    }

    /** Each rule fails on classes planted to break it, so a green rule means something. */
    @Nested
    class PlantedFaults {
        private static final String PLANTED = "io.pangu.planted";
        private final JavaClasses planted = new ClassFileImporter().importPackages(PLANTED);

        @Test
        void aForbiddenImportIsSeen() {
            assertThat(onlyAllowedImports(PLANTED, "error").evaluate(planted).hasViolation())
                    .isTrue();
        }

        @Test
        void aCycleIsSeen() {
            assertThat(noCycles(PLANTED).evaluate(planted).hasViolation()).isTrue();
        }

        @Test
        void aLinkerOutsideFfiIsSeen() {
            assertThat(linkerOnlyInFfi(PLANTED).evaluate(planted).hasViolation())
                    .isTrue();
        }

        @Test
        void aVectorOutsideItsPackageIsSeen() {
            assertThat(vectorApiOnlyInItsPackage(PLANTED).evaluate(planted).hasViolation())
                    .isTrue();
        }

        @Test
        void aMemorySegmentInTheEngineIsSeen() {
            assertThat(noMemorySegments(PLANTED).evaluate(planted).hasViolation())
                    .isTrue();
        }
    }

    private static ArchRule onlyAllowedImports(String root, String name) {
        String[] allowed = Stream.concat(Stream.of(name), ARROWS.getOrDefault(name, List.of()).stream())
                .map(p -> root + "." + p)
                .toArray(String[]::new);
        return noClasses()
                .that(resideInAPackage(root + "." + name))
                .should()
                .dependOnClassesThat(resideInAPackage(root + "..").and(resideOutsideOfPackages(allowed)))
                .because(name + " may import " + ARROWS.get(name));
    }

    private static ArchRule noCycles(String root) {
        return slices().matching(root + ".(**)").should().beFreeOfCycles();
    }

    private static ArchRule linkerOnlyInFfi(String root) {
        return noClasses()
                .that(resideInAPackage(root + "..").and(resideOutsideOfPackage("..ffi")))
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup|FunctionDescriptor)(\\$.*)?");
    }

    private static ArchRule vectorApiOnlyInItsPackage(String root) {
        return noClasses()
                .that(resideInAPackage(root + "..").and(resideOutsideOfPackage("..backend.cpu.vector")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator..");
    }

    /** Also what lets javac compile the connector for Java 17 against these classes. */
    private static ArchRule noMemorySegments(String root) {
        return noClasses()
                .that()
                .resideInAnyPackage(Stream.of("error", "config", "tokenizer", "kvcache", "sampling", "scheduler")
                        .map(p -> root + "." + p)
                        .toArray(String[]::new))
                .or(resideInAPackage(root + ".engine").and(modifier(JavaModifier.PUBLIC)))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign");
    }

    private static ArchRule noSpark(String root) {
        return noClasses()
                .that(resideInAPackage(root + ".."))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.spark..", "scala..");
    }
}
