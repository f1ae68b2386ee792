package io.pangu.runtime.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A machine for the command to look at: device files, variables, a CANN home, all in a directory of a test. */
final class Patient {
    final Path directory;
    final Map<String, String> environment = new HashMap<>();
    private final Path devices;

    /** Eight NPUs, CANN there, every variable right. */
    Patient(Path directory, Path home) {
        this.directory = directory;
        this.devices = directory.resolve("dev");
        try {
            Files.createDirectories(devices);
            Files.createDirectories(directory.resolve("opp"));
            for (String name : List.of("davinci_manager", "devmm_svm", "hisi_hdc")) {
                Files.createFile(devices.resolve(name));
            }
            for (int i = 0; i < 8; i++) {
                Files.createFile(devices.resolve("davinci" + i));
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        environment.put("ASCEND_HOME_PATH", home.toString());
        environment.put("ASCEND_OPP_PATH", directory.resolve("opp").toString());
        environment.put("ASCEND_COREDUMP_SIGNAL", "none");
        environment.put("LD_LIBRARY_PATH", home.resolve("lib64").toString());
        environment.put("HCCL_OP_EXPANSION_MODE", "AIV");
        environment.put("HOME", directory.toString());
    }

    /** Takes all device files away. */
    void loseDriver() throws IOException {
        for (String name : List.of("davinci_manager", "devmm_svm", "hisi_hdc")) {
            Files.delete(devices.resolve(name));
        }
    }

    /** What the command said. */
    record Visit(int status, String text, JsonNode report) {
        /** All findings, with their section's title put in. */
        List<JsonNode> findings() {
            List<JsonNode> all = new ArrayList<>();
            report.get("sections").forEach(section -> section.get("findings").forEach(all::add));
            return all;
        }

        List<JsonNode> findings(String level) {
            return findings().stream()
                    .filter(finding -> finding.get("level").asText().equals(level))
                    .toList();
        }

        /** The first finding of a subject. */
        JsonNode finding(String subject) {
            return findings().stream()
                    .filter(finding -> finding.get("subject").asText().equals(subject))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no finding '" + subject + "' in\n" + text));
        }

        String verdict() {
            return report.get("verdict").asText();
        }
    }

    /** Runs the command, with a report. */
    Visit visit(String... options) throws IOException {
        Path json = directory.resolve("report.json");
        List<String> arguments =
                new ArrayList<>(List.of("--device-files", devices.toString(), "--json", json.toString()));
        arguments.addAll(List.of(options));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        int status = Doctor.run(new Doctor(environment, stream, stream, false), arguments.toArray(String[]::new));
        return new Visit(status, out.toString(StandardCharsets.UTF_8), new ObjectMapper().readTree(json.toFile()));
    }

    /** How good a finding is. */
    static String level(JsonNode finding) {
        return finding.get("level").asText();
    }

    /** What a finding says, and its remedy. */
    static String words(JsonNode finding) {
        return finding.get("found").asText() + " -> " + finding.get("remedy").asText();
    }

    /** Holds that a subject is an obstacle, with these words. */
    static void assertFails(Visit visit, String subject, String found, String remedy) {
        JsonNode finding = visit.finding(subject);
        assertThat(level(finding)).as(words(finding)).isEqualTo("FAIL");
        assertThat(finding.get("found").asText()).contains(found);
        assertThat(finding.get("remedy").asText()).contains(remedy);
        assertThat(visit.status()).isEqualTo(1);
        assertThat(visit.report().get("canRun").asBoolean()).isFalse();
    }
}
