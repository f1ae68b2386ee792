package io.pangu.runtime.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.pangu.runtime.error.EngineException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a {@code *.safetensors.index.json} says: which shard holds which tensor. Shard names are plain file names; one
 * that would leave the directory is refused.
 *
 * @param file name of the index, for messages
 * @param shardOf tensor name to shard name, in the order of the file
 */
record ShardIndex(String file, Map<String, String> shardOf) {
    static ShardIndex read(Path path) {
        String file = String.valueOf(path.getFileName());
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path));
                JsonParser parser = SafetensorsHeader.JSON.createParser(in)) {
            return new ShardIndex(file, readWeightMap(file, parser));
        } catch (JsonProcessingException e) {
            String place = e.getLocation() == null
                    ? ""
                    : " at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr();
            throw wrong(file, "it is not valid JSON" + place + " (" + e.getOriginalMessage() + ")");
        } catch (IOException e) {
            throw wrong(file, "it cannot be read (" + e + ")");
        }
    }

    /** The shards by name, each with the tensors that it should hold. */
    SortedMap<String, Set<String>> tensorsByShard() {
        SortedMap<String, Set<String>> shards = new TreeMap<>();
        shardOf.forEach((tensor, shard) ->
                shards.computeIfAbsent(shard, s -> new TreeSet<>()).add(tensor));
        return shards;
    }

    private static Map<String, String> readWeightMap(String file, JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw wrong(file, "it holds no JSON object");
        }
        Map<String, String> shardOf = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            if (!key.equals("weight_map")) {
                parser.skipChildren();
                continue;
            }
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw wrong(file, "weight_map is not a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String tensor = parser.currentName();
                if (parser.nextToken() != JsonToken.VALUE_STRING) {
                    throw wrong(file, "weight_map names no file for '" + SafetensorsErrors.shortened(tensor) + "'");
                }
                shardOf.put(tensor, checkedShard(file, parser.getText()));
            }
        }
        if (shardOf.isEmpty()) {
            throw wrong(file, "weight_map is missing or empty");
        }
        return shardOf;
    }

    private static String checkedShard(String file, String shard) {
        boolean isPlain = shard.endsWith(".safetensors")
                && shard.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
        if (!isPlain) {
            throw wrong(
                    file,
                    "weight_map names the shard '" + SafetensorsErrors.shortened(shard)
                            + "', which is not a plain name of a .safetensors file in the checkpoint's own directory");
        }
        return shard;
    }

    private static EngineException wrong(String file, String fault) {
        return SafetensorsErrors.inconsistent(file, fault, "download the checkpoint again");
    }
}
