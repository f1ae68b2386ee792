package io.pangu.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTextTest {
    @Test
    void everyCharacterComesBack() throws IOException {
        StringBuilder all = new StringBuilder();
        for (int c = 0; c < 0x11000; c += c < 0x3000 ? 1 : 37) {
            if (c < 0xd800 || c > 0xdfff) {
                all.appendCodePoint(c);
            }
        }
        JsonNode node = new ObjectMapper().readTree(JsonText.of(Map.of(all.toString(), List.of(all.toString()))));
        assertThat(node.get(all.toString()).get(0).textValue()).isEqualTo(all.toString());
    }

    @Test
    void writesNestedValuesOnOneLine() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("a", Arrays.asList(1, 2.5f, null, true));
        map.put("b", Map.of());
        map.put("c", 1e-5f);
        assertThat(JsonText.of(map)).isEqualTo("{\"a\":[1,2.5,null,true],\"b\":{},\"c\":1.0E-5}");
    }

    @Test
    void refusesWhatIsNoJson() {
        assertThatIllegalArgumentException().isThrownBy(() -> JsonText.of(new int[1]));
    }
}
