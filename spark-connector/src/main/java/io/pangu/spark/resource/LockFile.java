package io.pangu.spark.resource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A lock between processes on a file that all users of a machine share, with its holder's name in it. The kernel gives it back
 * when the process ends, however it ends; the file stays. A process takes each file's lock at most once at a time: closing any
 * channel on a file drops the locks that the process has on it.
 */
final class LockFile implements AutoCloseable {
    private static final int MAX_OWNER_BYTES = 500;

    /** Read and write for everybody, and the sticky bit, which keeps systemd from sweeping an old file out of /tmp. */
    private static final int MODE = 01666;

    /** By file, a channel on what another class loader's copy of this class has locked: to close it would unlock the file. */
    private static final Map<Path, FileChannel> KEPT_OPEN = new ConcurrentHashMap<>();

    private final FileChannel channel;

    private LockFile(FileChannel channel) {
        this.channel = channel;
    }

    /** The lock, or the name of the process that has it. */
    record Attempt(Optional<LockFile> lock, String holder) {}

    /**
     * Tries to take the lock, without waiting.
     *
     * @param owner what another process is to read while this one has it
     * @throws IOException if the file cannot be opened or is no file
     */
    static Attempt tryTake(Path file, String owner) throws IOException {
        FileChannel kept = KEPT_OPEN.remove(file);
        FileChannel channel = kept == null ? open(file) : kept;
        boolean staysOpen = false;
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                return new Attempt(Optional.empty(), read(channel));
            }
            write(channel, owner);
            staysOpen = true;
            return new Attempt(Optional.of(new LockFile(channel)), owner);
        } catch (OverlappingFileLockException e) {
            staysOpen = true;
            KEPT_OPEN.put(file, channel);
            return new Attempt(Optional.empty(), "this process itself, by the same classes from another class loader");
        } finally {
            if (!staysOpen) {
                channel.close();
            }
        }
    }

    /** Gives the lock back. */
    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static FileChannel open(Path file) throws IOException {
        try {
            return openExisting(file);
        } catch (NoSuchFileException notYet) {
            try {
                return create(file);
            } catch (FileAlreadyExistsException bySomebodyElse) {
                return openExisting(file);
            }
        }
    }

    private static FileChannel create(Path file) throws IOException {
        FileChannel created = FileChannel.open(
                file, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
        try {
            Files.setAttribute(file, "unix:mode", MODE, LinkOption.NOFOLLOW_LINKS);
            return created;
        } catch (IOException e) {
            created.close();
            throw e;
        }
    }

    /** Not with CREATE: in a sticky directory Linux may refuse that for a file of somebody else's. */
    private static FileChannel openExisting(Path file) throws IOException {
        // Whoever may write here may have planted a link to a file of ours, or a pipe that never opens.
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("it is no ordinary file");
        }
        return FileChannel.open(
                file, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(MAX_OWNER_BYTES);
        while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) {
            // Until the end of the file.
        }
        String owner = StandardCharsets.UTF_8
                .decode(bytes.flip())
                .toString()
                .replaceAll("[^\\p{Print}]", " ")
                .strip();
        return owner.isEmpty() ? "a process that has not said which" : owner;
    }

    private static void write(FileChannel channel, String owner) throws IOException {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap((owner + "\n").getBytes(StandardCharsets.UTF_8)), 0);
    }
}
