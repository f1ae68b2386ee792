package io.pangu.spark.functions;

import io.pangu.spark.functions.OptionValues.WrittenOption;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DayTimeIntervalType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** Options as they stand in a row (a {@code MAP}, a {@code STRUCT} or JSON) as plain Java. */
final class WrittenOptions {
    private WrittenOptions() {}

    /** A value of a type that no option has; says so in place of the value in error messages. */
    private record Unreadable(DataType type) {
        @Override
        public String toString() {
            return "a value of type " + type.sql();
        }
    }

    /** Whether a value of this type can hold options. */
    static boolean isOptionsType(DataType type) {
        return type instanceof StructType
                || type instanceof StringType
                || type instanceof NullType
                || (type instanceof MapType map && map.keyType() instanceof StringType);
    }

    /**
     * The options inside a value.
     *
     * @param value in Catalyst's form; {@code null}: none
     * @throws OptionException when the text is not a JSON object
     */
    static List<WrittenOption> of(@Nullable Object value, DataType type) {
        List<WrittenOption> options = new ArrayList<>();
        if (value != null) {
            Object plain = type instanceof StringType ? json(value.toString()) : plain(value, type);
            ((Map<?, ?>) plain).forEach((name, option) -> options.add(one(String.valueOf(name), option)));
        }
        return options;
    }

    /** A single option's value in Catalyst's form. */
    static WrittenOption of(String name, @Nullable Object value, DataType type) {
        return one(name, value == null ? null : plain(value, type));
    }

    private static WrittenOption one(String name, @Nullable Object value) {
        return new WrittenOption(name, Optional.ofNullable(value));
    }

    private static Object json(String text) {
        try {
            return JsonText.object(text);
        } catch (IllegalArgumentException notAnObject) {
            OptionException error = OptionException.notOptions("'" + text + "' (" + notAnObject.getMessage() + ")");
            error.initCause(notAnObject);
            throw error;
        }
    }

    private static Object plain(Object value, DataType type) {
        if (type instanceof StructType struct) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            InternalRow row = (InternalRow) value;
            for (int ordinal = 0; ordinal < struct.length(); ordinal++) {
                StructField field = struct.fields()[ordinal];
                Object item = row.isNullAt(ordinal) ? null : row.get(ordinal, field.dataType());
                fields.put(field.name(), item == null ? null : plain(item, field.dataType()));
            }
            return fields;
        }
        if (type instanceof MapType map) {
            MapData data = (MapData) value;
            List<@Nullable Object> keys = items(data.keyArray(), map.keyType());
            List<@Nullable Object> items = items(data.valueArray(), map.valueType());
            Map<String, @Nullable Object> entries = new LinkedHashMap<>();
            for (int index = 0; index < keys.size(); index++) {
                entries.put(String.valueOf(keys.get(index)), items.get(index));
            }
            return entries;
        }
        if (type instanceof ArrayType array) {
            return items((ArrayData) value, array.elementType());
        }
        if (value instanceof Decimal decimal) {
            return decimal.toJavaBigDecimal();
        }
        if (type instanceof DayTimeIntervalType) {
            return Duration.of((Long) value, ChronoUnit.MICROS);
        }
        if (type instanceof StringType) {
            return value.toString();
        }
        return type instanceof BooleanType || type instanceof NumericType ? value : new Unreadable(type);
    }

    private static List<@Nullable Object> items(ArrayData data, DataType type) {
        List<@Nullable Object> items = new ArrayList<>();
        for (int index = 0; index < data.numElements(); index++) {
            items.add(data.isNullAt(index) ? null : plain(data.get(index, type), type));
        }
        return items;
    }
}
