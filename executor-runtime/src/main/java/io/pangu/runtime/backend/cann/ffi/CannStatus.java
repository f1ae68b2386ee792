package io.pangu.runtime.backend.cann.ffi;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * A status that a function returned.
 *
 * @param code the number; 0 is success
 * @param name the constant's name in CANN, or the number where the table has none
 * @param kind what a caller can do about it
 * @param meaning in our words
 */
public record CannStatus(int code, String name, StatusKind kind, String meaning) implements Serializable {
    private static final String TABLE = "status.tsv";

    /** Where a code comes from: the collectives have numbers of their own. */
    enum Origin {
        ACL,
        HCCL
    }

    /** A status of the runtime or of an operator. */
    public static CannStatus acl(int code) {
        return of(Origin.ACL, code);
    }

    /** A status of the collective communication library. */
    public static CannStatus hccl(int code) {
        return of(Origin.HCCL, code);
    }

    static CannStatus of(Origin origin, int code) {
        CannStatus known = Table.STATUSES.get(new Key(origin, code));
        return known != null ? known : unknown(origin, code);
    }

    /** As in messages, for instance {@code ACL_ERROR_RT_MEMORY_ALLOCATION (207001)}. */
    @Override
    public String toString() {
        return name.equals(Integer.toString(code)) ? "status " + code : name + " (" + code + ")";
    }

    /** Codes newer than the table fall under the rule of their thousand. */
    private static CannStatus unknown(Origin origin, int code) {
        StatusKind kind = origin == Origin.HCCL ? StatusKind.PEER_LOST : kindOf(code / 1000);
        return new CannStatus(code, Integer.toString(code), kind, "a status that this version does not know");
    }

    private static StatusKind kindOf(int thousand) {
        return switch (thousand) {
            case 100, 107, 145, 148, 161 -> StatusKind.INVALID_ARGUMENT;
            case 200, 207, 245 -> StatusKind.RESOURCE_EXHAUSTED;
            case 361, 507 -> StatusKind.DEVICE_LOST;
            default -> StatusKind.INTERNAL;
        };
    }

    private record Key(Origin origin, int code) {}

    /** The table, read when the first status is asked for. */
    private static final class Table {
        static final Map<Key, CannStatus> STATUSES = read();

        private static Map<Key, CannStatus> read() {
            Map<Key, CannStatus> statuses = new HashMap<>();
            try (InputStream table = CannStatus.class.getResourceAsStream(TABLE)) {
                if (table == null) {
                    throw new IllegalStateException("this build lacks its resource " + TABLE);
                }
                new String(table.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> !line.isBlank() && !line.startsWith("#"))
                        .forEach(line -> add(statuses, line.split("\t", -1)));
            } catch (IOException e) {
                throw new UncheckedIOException("the resource " + TABLE + " cannot be read", e);
            }
            return statuses;
        }

        /** Columns: origin, code, name, kind, meaning. */
        private static void add(Map<Key, CannStatus> statuses, String[] columns) {
            Key key = new Key(Origin.valueOf(columns[0]), Integer.parseInt(columns[1]));
            StatusKind kind = StatusKind.valueOf(columns[3]);
            if (statuses.put(key, new CannStatus(key.code, columns[2], kind, columns[4])) != null) {
                throw new IllegalStateException(TABLE + " has " + key + " twice");
            }
        }
    }
}
