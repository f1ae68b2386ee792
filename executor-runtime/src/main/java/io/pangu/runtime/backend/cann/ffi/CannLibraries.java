package io.pangu.runtime.backend.cann.ffi;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The libraries of one CANN home in the order in which they are asked for a symbol. A library is loaded when the first symbol
 * gets as far as it, and stays loaded as long as the process lives; none is necessary. One instance per home and process;
 * thread-safe.
 */
public final class CannLibraries {
    /** The link-time stubs of an installation have all symbols and do nothing. */
    private static final List<String> STUB_DIRECTORIES = List.of("stub", "devlib");

    private static final Map<Path, CannLibraries> BY_HOME = new ConcurrentHashMap<>();

    private final CannHome home;
    private final List<CannLibrary> chain = new ArrayList<>();

    private CannLibraries(CannHome home) {
        this.home = home;
        chain(home.libraries()).forEach(file -> chain.add(new CannLibrary.Untouched(file)));
    }

    /** The libraries of a home; loads nothing yet. */
    public static CannLibraries of(CannHome home) {
        return BY_HOME.computeIfAbsent(realPath(home.directory()), ignored -> new CannLibraries(home));
    }

    public CannHome home() {
        return home;
    }

    /** Every library of the chain, in its order, as far as it has been looked at. */
    public synchronized List<CannLibrary> chain() {
        return List.copyOf(chain);
    }

    /** Looks for a symbol, loading the libraries that have not answered yet as far as need be. */
    public synchronized CannSymbol find(String name) {
        for (int i = 0; i < chain.size(); i++) {
            if (chain.get(i) instanceof CannLibrary.Untouched(Path file)) {
                chain.set(i, load(file));
            }
            if (chain.get(i) instanceof CannLibrary.Loaded loaded) {
                var address = loaded.symbols().find(name);
                if (address.isPresent()) {
                    return new CannSymbol.Found(name, address.get(), loaded.file());
                }
            }
        }
        return new CannSymbol.Missing(name, reasonForLack(name));
    }

    private String reasonForLack(String name) {
        String asked = chain.stream()
                .filter(CannLibrary.Loaded.class::isInstance)
                .map(library -> library.file().getFileName().toString())
                .collect(Collectors.joining(", "));
        String unusable = chain.stream()
                .filter(CannLibrary.Unusable.class::isInstance)
                .map(library -> ((CannLibrary.Unusable) library).reason())
                .collect(Collectors.joining("; "));
        return name + " is in none of the libraries of " + home.directory()
                + (asked.isEmpty() ? "; none could be loaded" : " (" + asked + ")")
                + (unusable.isEmpty() ? "" : "; " + unusable);
    }

    /** Newer homes split the runtime, the operators and the communication; the parts come before the whole. */
    private static List<Path> chain(Path directory) {
        return Stream.of(
                        Stream.of("libacl_rt.so", "libascendcl.so", "libnnopbase.so"),
                        operatorParts(directory),
                        Stream.of("libopapi.so", "libhcomm.so", "libhccl.so"))
                .flatMap(names -> names)
                .map(directory::resolve)
                .toList();
    }

    private static Stream<String> operatorParts(Path directory) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "libopapi_*.so")) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        } catch (IOException e) {
            return Stream.empty(); // the chain's other libraries will say that the directory cannot be read
        }
        return names.stream().sorted();
    }

    @SuppressWarnings("restricted")
    private static CannLibrary load(Path file) {
        if (!Files.exists(file)) {
            return new CannLibrary.Unusable(file, file.getFileName() + " does not exist");
        }
        Optional<String> stub = STUB_DIRECTORIES.stream()
                .filter(directory -> contains(realPath(file), directory))
                .findFirst();
        if (stub.isPresent()) {
            return new CannLibrary.Unusable(
                    file,
                    file + " is a link-time stub in a directory '" + stub.get()
                            + "' and does nothing; point lib64 to the real libraries");
        }
        try {
            return new CannLibrary.Loaded(file, SymbolLookup.libraryLookup(file, Arena.global()));
        } catch (IllegalArgumentException e) {
            return new CannLibrary.Unusable(
                    file,
                    file + " cannot be loaded: "
                            + LoaderErrors.of(file).orElse("the system does not say why")
                            + "; run CANN's set_env.sh, which sets LD_LIBRARY_PATH, before java starts");
        } catch (IllegalCallerException e) {
            return new CannLibrary.Unusable(
                    file, file + " may not be loaded: start java with --enable-native-access=ALL-UNNAMED");
        }
    }

    private static boolean contains(Path path, String name) {
        for (Path part : path) {
            if (part.toString().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private static Path realPath(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }
}
