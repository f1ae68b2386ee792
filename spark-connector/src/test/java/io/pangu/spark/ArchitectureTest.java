package io.pangu.spark;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
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

/** Which package may import which; above all, that the engine's own classes stay behind one of them. */
class ArchitectureTest {
    private static final String ROOT = "io.pangu.spark";

    /** A package and all of ours that it may import; ARCHITECTURE.md draws the same picture. */
    private static final Map<String, List<String>> ARROWS = arrows();

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    private static Map<String, List<String>> arrows() {
        Map<String, List<String>> arrows = new LinkedHashMap<>();
        arrows.put("conf", List.of());
        arrows.put("request", List.of("conf"));
        arrows.put("functions", List.of("request", "conf"));
        arrows.put("resource", List.of("conf"));
        arrows.put("engine", List.of("request", "resource", "conf"));
        arrows.put("metrics", List.of("engine", "conf"));
        arrows.put("exec", List.of("functions", "engine", "metrics", "request", "conf"));
        arrows.put("plan", List.of("exec", "functions", "engine", "request", "conf"));
        arrows.put("source", List.of("functions", "request", "conf"));
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
                .map(c -> c.getPackageName())
                .filter(p -> !p.equals(ROOT))
                .map(p -> p.substring(ROOT.length() + 1))
                .distinct()
                .toList();
        assertThat(ARROWS.keySet()).containsAll(packages);
    }

    @Test
    void packagesAreFreeOfCycles() {
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(MAIN);
    }

    @Test
    void onlyTheEnginePackageImportsTheRuntime() {
        runtimeOnlyInEngine(ROOT).check(MAIN);
    }

    @Test
    void nobodyImportsTheEntryPoints() {
        noClasses()
                .that(resideInAPackage(ROOT + ".*.."))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT)
                .check(MAIN);
    }

    /** Each rule fails on classes planted to break it, so a green rule means something. */
    @Nested
    class PlantedFaults {
        private static final String PLANTED = "io.pangu.planted";
        private final JavaClasses planted = new ClassFileImporter().importPackages(PLANTED);

        @Test
        void aForbiddenImportIsSeen() {
            assertThat(onlyAllowedImports(PLANTED, "functions")
                            .evaluate(planted)
                            .hasViolation())
                    .isTrue();
        }

        @Test
        void theRuntimeOutsideTheEnginePackageIsSeen() {
            assertThat(runtimeOnlyInEngine(PLANTED).evaluate(planted).hasViolation())
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

    private static ArchRule runtimeOnlyInEngine(String root) {
        return noClasses()
                .that(resideInAPackage(root + "..").and(resideOutsideOfPackages(root + ".engine")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.pangu.runtime..")
                .because("the rest of the connector must load on a Java older than the runtime's");
    }
}
