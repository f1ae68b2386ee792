package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PromptEncodersTest {
    private static final PromptEncoder PANGU = PromptEncoders.load(TokenizerVectors.golden("moge-tiny"));

    static Stream<JsonNode> chats() {
        return StreamSupport.stream(
                TokenizerVectors.json("moge-tiny/chat.json").get("chats").spliterator(), false);
    }

    static Stream<JsonNode> hostileChats() {
        return StreamSupport.stream(
                TokenizerVectors.json("moge-tiny/chat.json").get("hostile").spliterator(), false);
    }

    static List<ChatMessage> messages(JsonNode chat) {
        List<ChatMessage> messages = new ArrayList<>();
        chat.get("messages")
                .forEach(item -> messages.add(new ChatMessage(
                        item.get("role").asText(), item.get("content").asText())));
        return messages;
    }

    @ParameterizedTest
    @MethodSource("chats")
    void rendersAndEncodesPanguChats(JsonNode chat) {
        assertThat(new PanguChatTemplate().render(messages(chat)).value())
                .isEqualTo(chat.get("rendered").asText());
        assertThat(PANGU.encodeChat(messages(chat), "")).isEqualTo(TokenizerVectors.ints(chat.get("ids")));
    }

    @ParameterizedTest
    @MethodSource("chats")
    void decodesAnswers(JsonNode chat) {
        int[] answer = TokenizerVectors.ints(chat.get("greedy"));
        assertThat(PANGU.tokenizer().decode(answer)).isEqualTo(chat.get("text").asText());
    }

    @ParameterizedTest
    @MethodSource("hostileChats")
    void messagesNeverGiveSpecialTokens(JsonNode chat) {
        int[] forbidden = TokenizerVectors.ints(chat.get("forbidden_ids"));
        String content = messages(chat).getFirst().content();
        int[] ids = PANGU.encodeChat(messages(chat), content);
        int[] harmless = PANGU.encodeChat(List.of(new ChatMessage("user", "x")), "");
        assertThat(IntStream.of(ids).filter(PANGU.tokenizer()::isSpecial).toArray())
                .isEqualTo(IntStream.of(harmless)
                        .filter(PANGU.tokenizer()::isSpecial)
                        .toArray());
        assertThat(PANGU.tokenizer().decode(ids)).endsWith("用户：" + content + "[unused10][unused9]助手：" + content);
        assertThat(IntStream.of(PANGU.encodeRaw(content)).skip(1)).doesNotContain(forbidden[0], forbidden[9]);
    }
}
