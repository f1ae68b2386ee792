package io.pangu.spark.it;

import io.pangu.runtime.backend.Availability;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.DeviceProvider;
import io.pangu.runtime.backend.cpu.CpuDeviceProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/** A backend whose devices serve one process at a time, as NPUs do, and which computes on the processors. */
public final class FakeNpuProvider implements DeviceProvider {
    /** Called by the service loader. */
    public FakeNpuProvider() {}

    @Override
    public String name() {
        return "fake-npu";
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public Availability probe() {
        return new Availability.Available(8, "fake NPUs");
    }

    @Override
    public DeviceGroup choose(DeviceOptions options) {
        if (options.addresses().isEmpty()) {
            throw new IllegalArgumentException("no addresses");
        }
        return new CpuDeviceProvider().choose(new DeviceOptions(List.of(), 1, options.threads(), options.kernels()));
    }

    /** A jar that adds this backend to the class path that it stands on. */
    static Path jar(Path directory) throws IOException {
        Path jar = directory.resolve("fake-npus.jar");
        String entry = FakeNpuProvider.class.getName().replace('.', '/') + ".class";
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                InputStream compiled =
                        Objects.requireNonNull(FakeNpuProvider.class.getResourceAsStream("/" + entry), entry)) {
            out.putNextEntry(new JarEntry("META-INF/services/" + DeviceProvider.class.getName()));
            out.write(FakeNpuProvider.class.getName().getBytes(StandardCharsets.UTF_8));
            out.closeEntry();
            out.putNextEntry(new JarEntry(entry));
            compiled.transferTo(out);
            out.closeEntry();
        }
        return jar;
    }
}
