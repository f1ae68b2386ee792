package io.pangu.spark.functions;

import io.pangu.spark.request.ChatTurn;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Chats as SQL holds them: {@code ARRAY<STRUCT<role STRING, content STRING>>}, in any order, with any further fields. */
public final class Chats {
    private Chats() {}

    /** Whether values of this type are chats. */
    static boolean isChat(DataType type) {
        return type instanceof ArrayType array
                && array.elementType() instanceof StructType turn
                && ordinal(turn, "role") >= 0
                && ordinal(turn, "content") >= 0;
    }

    /**
     * The turns of a chat.
     *
     * @param type one for which {@code isChat} holds
     * @throws IllegalArgumentException for a turn that is NULL or has a NULL field, and for a chat without turns
     */
    public static List<ChatTurn> turns(ArrayData chat, DataType type) {
        StructType struct = (StructType) ((ArrayType) type).elementType();
        int role = ordinal(struct, "role");
        int content = ordinal(struct, "content");
        List<ChatTurn> turns = new ArrayList<>();
        for (int index = 0; index < chat.numElements(); index++) {
            InternalRow turn = chat.isNullAt(index) ? null : chat.getStruct(index, struct.length());
            if (turn == null || turn.isNullAt(role) || turn.isNullAt(content)) {
                throw new IllegalArgumentException("turn " + index
                        + " of the chat is NULL or has a NULL role or content;" + " every turn needs both.");
            }
            turns.add(new ChatTurn(turn.getString(role), turn.getString(content)));
        }
        if (turns.isEmpty()) {
            throw new IllegalArgumentException("the chat has no turns; it needs at least one.");
        }
        return turns;
    }

    private static int ordinal(StructType struct, String name) {
        StructField[] fields = struct.fields();
        for (int ordinal = 0; ordinal < fields.length; ordinal++) {
            if (fields[ordinal].name().equalsIgnoreCase(name) && fields[ordinal].dataType() instanceof StringType) {
                return ordinal;
            }
        }
        return -1;
    }
}
