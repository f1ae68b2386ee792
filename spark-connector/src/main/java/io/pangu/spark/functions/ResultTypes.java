package io.pangu.spark.functions;

import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The types that the functions return: fields have one meaning and one order everywhere. */
public final class ResultTypes {
    /** Why a row has no result. */
    public static final StructType ERROR = new StructType()
            .add("code", DataTypes.StringType)
            .add("message", DataTypes.StringType)
            .add("retryable", DataTypes.BooleanType);

    /** Token counts. */
    public static final StructType USAGE = new StructType()
            .add("prompt_tokens", DataTypes.IntegerType)
            .add("cached_tokens", DataTypes.IntegerType)
            .add("completion_tokens", DataTypes.IntegerType);

    /** A generated token. */
    public static final StructType TOKEN_LOGPROB =
            new StructType().add("token", DataTypes.StringType).add("logprob", DataTypes.FloatType);

    /** What the model is. */
    public static final StructType MODEL =
            new StructType().add("name", DataTypes.StringType).add("fingerprint", DataTypes.StringType);

    /** All that is known about a completion. */
    public static final StructType GENERATE_DETAILS = new StructType()
            .add("text", DataTypes.StringType)
            .add("reasoning", DataTypes.StringType)
            .add("finish_reason", DataTypes.StringType)
            .add("error", ERROR)
            .add("usage", USAGE)
            .add("logprob", DataTypes.DoubleType)
            .add("token_logprobs", DataTypes.createArrayType(TOKEN_LOGPROB))
            .add("model", MODEL)
            .add("seed", DataTypes.LongType);

    /** All that is known about a label. */
    public static final StructType CLASSIFY_DETAILS = new StructType()
            .add("label", DataTypes.StringType)
            .add("probability", DataTypes.DoubleType)
            .add("margin", DataTypes.DoubleType)
            .add("probabilities", DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType))
            .add("usage", USAGE)
            .add("error", ERROR);

    static final ArrayType VECTOR = DataTypes.createArrayType(DataTypes.FloatType, false);
    static final ArrayType LABELS = DataTypes.createArrayType(DataTypes.StringType);
    static final DataType TEXT = DataTypes.StringType;

    private ResultTypes() {}
}
