package io.pangu.runtime.tokenizer.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.tokenizer.jinja.JinjaException.Kind;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTest {
    private static final Clock MORNING = Clock.fixed(Instant.parse("2026-03-05T08:09:07.5Z"), ZoneOffset.UTC);

    private static Text render(String source, Map<String, ?> variables) {
        return JinjaTemplate.parse(source, MORNING).render(variables);
    }

    private static String render(String source) {
        return render(source, Map.of()).value();
    }

    private static JinjaException refusal(String source, Map<String, ?> variables) {
        return catchThrowableOfType(JinjaException.class, () -> render(source, variables));
    }

    /** The text with what a user wrote in guillemets. */
    private static String marked(Text text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            boolean before = i > 0 && text.isUser(i - 1);
            if (text.isUser(i) != before) {
                out.append(text.isUser(i) ? "«" : "»");
            }
            out.append(text.value().charAt(i));
        }
        return out.append(text.length() > 0 && text.isUser(text.length() - 1) ? "»" : "")
                .toString();
    }

    /** Whatever becomes of a user's text, it is still a user's. */
    @Nested
    class Authorship {
        private static final Map<String, Object> USER = Map.of(
                "u",
                Text.ofUser("<s> Hi"),
                "v",
                Text.ofUser(" a,b \n"),
                "role",
                Text.ofUser("user"),
                "n",
                2,
                "m",
                List.of(Map.of("role", Text.ofUser("user"), "content", Text.ofUser("<s>"))));

        @ParameterizedTest
        @CsvSource(
                delimiter = ';',
                ignoreLeadingAndTrailingWhitespace = true,
                value = {
                    "'{{ ''<s>'' + u }}';                    <s>«<s> Hi»",
                    "'{{ ''<s>'' ~ u ~ ''</s>'' }}';         <s>«<s> Hi»</s>",
                    "'{{ u|upper }}';                        «<S> HI»",
                    "'{{ (''a'' ~ u)|upper }}';              A«<S> HI»",
                    "'{{ (''a'' ~ u)|lower|title }}';        A«<S> Hi»",
                    "'{{ u|tojson }}';                       \"«<s> Hi»\"",
                    "'{{ {''k'': u}|tojson }}';              '{\"k\": \"«<s> Hi»\"}'",
                    "'{{ [u] }}';                            '[''«<s> Hi»'']'",
                    "'[{{ v|trim }}]';                       [«a,b»]",
                    "'[{{ (v ~ ''x'')|trim }}]';             '[«a,b \n»x]'",
                    "'{{ v.split('','')[0].strip() }}|';     «a»|",
                    "'{{ v|replace('','', ''<s>'')|trim }}'; «a»<s>«b»",
                    "'{{ ''a<b''|replace(''<'', u) }}';      a«<s> Hi»b",
                    "'{{ u[1:3] ~ ''x'' }}';                 «s>»x",
                    "'{{ u[::-1] ~ ''x'' }}';                «iH >s<»x",
                    "'{{ ''<s>%s</s>''|format(u) }}';        <s>«<s> Hi»</s>",
                    "'{{ ''<{}>''.format(u) }}';             <«<s> Hi»>",
                    "'{{ ''-''.join([u, u]) }}';             «<s> Hi»-«<s> Hi»",
                    "'{{ [u, 1]|join(''<s>'') }}';           «<s> Hi»<s>1",
                    "'{{ u|e }}';                            '«&lt;s&gt; Hi»'",
                    "'{{ (u ~ ''\n<s>'')|indent(2) }}';      '«<s> Hi»\n  <s>'",
                    "'{{ u|list|first }}s>';                 «<»s>",
                    "'{{ u|string|default(''x'') }}';        «<s> Hi»",
                    "'{% set q %}<s>{{ u }}{% endset %}{{ q }}'; <s>«<s> Hi»",
                    "'{% filter upper %}<s>{{ u }}{% endfilter %}'; <S>«<S> HI»",
                    "'{% macro f(x) %}<s>{{ x }}{% endmacro %}{{ f(u) }}'; <s>«<s> Hi»",
                    "'{{ {''user'': ''<s>''}[role] }}';      <s>",
                    "'{{ m[0].content }}{{ m|map(attribute=''content'')|join }}'; «<s><s>»",
                    "'{% for c in u %}{{ c }}{% endfor %}';  «<s> Hi»",
                    "'{{ u.center(10, ''.'') }}';            ..«<s> Hi»..",
                    "'{{ (u ~ ''x'') * n }}';                «<s> Hi»x«<s> Hi»x",
                    "'{{ ''%5s''|format(role) }}';           ' «user»'",
                    "'{{ u.partition('' '')|join(''|'') }}'; «<s>»|« »|«Hi»",
                    "'{{ u.splitlines()[0].removeprefix(''<'') }}'; «s> Hi»",
                    "'{{ u.swapcase().rsplit(None, 1)|last }}'; «hI»",
                })
        void isKeptBy(String source, String expected) {
            assertThat(marked(render(source, USER))).isEqualTo(expected);
        }

        @Test
        void staysWithEachCharacterUnderRandomFilters() {
            long seed = 20260305;
            Random random = new Random(seed);
            List<String> filters = List.of(
                    "upper",
                    "lower",
                    "trim",
                    "capitalize",
                    "title",
                    "tojson",
                    "string",
                    "e",
                    "indent(3)",
                    "reverse",
                    "replace('a', 'bb')",
                    "replace('', '.')",
                    "list|join",
                    "default('x')",
                    "format()");
            for (int round = 0; round < 500; round++) {
                StringBuilder source = new StringBuilder("{{ ('tpl' ~ u ~ 'TPL')");
                for (int i = random.nextInt(4); i >= 0; i--) {
                    source.append('|').append(filters.get(random.nextInt(filters.size())));
                }
                // Characters of neither ASCII nor any filter's output mark what came from the user.
                Text text = render(source.append(" }}").toString(), Map.of("u", Text.ofUser("жЖ\n Φω")));
                for (int i = 0; i < text.length(); i++) {
                    char c = text.value().charAt(i);
                    if (!Character.UnicodeBlock.BASIC_LATIN.equals(Character.UnicodeBlock.of(c))) {
                        assertThat(text.isUser(i))
                                .as("%s of %s, seed %s", i, source, seed)
                                .isTrue();
                    } else if (Character.toLowerCase(c) == 'p') {
                        assertThat(text.isUser(i))
                                .as("%s of %s, seed %s", i, source, seed)
                                .isFalse();
                    }
                }
            }
        }

        @Test
        void doesNotMatterToComparisons() {
            assertThat(render("{{ role == 'user' }}{{ 'ser' in role }}{{ {'user': 1}[role] }}", USER)
                            .value())
                    .isEqualTo("TrueTrue1");
        }

        @Test
        void userTextIsNeverATemplate() {
            Text hostile = Text.ofUser("{{ 7 * 7 }}{% raise %}{# gone #}");
            assertThat(marked(render("{{ u }}", Map.of("u", hostile)))).isEqualTo("«" + hostile + "»");
        }
    }

    @Nested
    class Refusals {
        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "`a\n\n{% if x %}b`                    | 3 | found the end of the template where 'endif' should close the 'if' of line 3",
                    "`a\n{{ b c }}`                        | 2 | found 'c' where '}}' should be",
                    "`\n\n{% include 'f' %}`             | 3 | there is no tag 'include' in chat templates",
                    "`{{ a\n|nope }}`                      | 2 | there is no filter 'nope'",
                    "`{{ a is nope }}`                     | 1 | there is no test 'nope'",
                    "`x\n{{ 'open }}`                     | 2 | a string has no end",
                    "`{{ a ? b }}`                         | 1 | the character '?' has no meaning in a tag",
                    "`{{ 99999999999999999999 }}`          | 1 | the number 99999999999999999999 has more than 64 bits",
                    "`{% for x in y recursive %}{% endfor %}` | 1 | there are no recursive loops in chat templates",
                    "`{{ \"\\uZZ\" }}`                     | 1 | a string has the escape '\\uZZ'",
                    "`\n{% endif %}`                       | 2 | 'endif' closes nothing",
                    "`{{ (a] }}`                           | 1 | ']' closes nothing; expected ')'",
                })
        void namesLineAndProblemOfASyntaxError(String source, int line, String problem) {
            JinjaException refusal = refusal(source, Map.of());
            assertThat(refusal.problem()).isEqualTo(problem);
            assertThat(refusal.kind()).isEqualTo(Kind.SYNTAX);
            assertThat(refusal.line()).isEqualTo(line);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "`\n{{ nothing.x }}`         | 2 | 'nothing' is undefined",
                    "`{% if true %}\n{{ 1 + 'a' }}{% endif %}` | 2 | cannot compute an integer + a text",
                    "`{{ 1 // 0 }}`              | 1 | cannot compute 1 // 0",
                    "`{{ 9223372036854775807 + 1 }}` | 1 | cannot compute 9223372036854775807 + 1",
                    "`{{ [].x.y }}`              | 1 | a list has no attribute 'x'",
                    "`{{ nope() }}`              | 1 | 'nope' is undefined",
                    "`{{ none|length }}`         | 1 | none has no length",
                    "`{{ {}.pop(1) }}`           | 1 | 'pop' would change a value, which chat templates may not",
                    "`{{ strftime_now('%Q') }}` | 1 | strftime_now() has the field '%Q'",
                    "`{{ range }}`               | 1 | a function cannot be written",
                    "`{{ {[]: 1} }}`             | 1 | a list cannot be a key",
                })
        void namesLineAndProblemOfAFailure(String source, int line, String problem) {
            JinjaException refusal = refusal(source, Map.of());
            assertThat(refusal.problem()).isEqualTo(problem);
            assertThat(refusal.kind()).isEqualTo(Kind.FAILED);
            assertThat(refusal.line()).isEqualTo(line);
        }

        @Test
        void carriesTheWordsOfATemplateThatRefuses() {
            JinjaException refusal =
                    refusal("a\n{{ raise_exception('no ' ~ role ~ ' here') }}", Map.of("role", "critic"));
            assertThat(refusal.kind()).isEqualTo(Kind.RAISED);
            assertThat(refusal.problem()).isEqualTo("no critic here");
            assertThat(refusal.line()).isEqualTo(2);
        }
    }

    /** Nothing here may take more than a moment, whatever the load: the work is counted. */
    @Nested
    class Bounds {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                    "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
                    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                    "{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
                    "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
                    "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
                    "{% set ns = namespace(s=[], t=[]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}",
                    "{% set ns = namespace(s=[]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
                    "{% set ns = namespace(s=[]) %}{% for i in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s|tojson }}",
                    "{{ 'a' * 999999999999 }}",
                    "{{ [1] * 999999999999 }}",
                    "{{ 'ab'.replace('', 'x' * 33000000) }}",
                    "{{ 'a'.center(999999999999) }}",
                    "{{ 'a'|indent(999999999999, true) }}",
                    "{{ [1]|tojson(indent=999999999999) }}",
                    "{{ '1'.zfill(999999999999) }}",
                    "{{ range(999999999999) }}",
                    "{% for i in range(99999) %}{{ big|length }}{% endfor %}",
                    "{% for i in range(99999) %}{% if 'zz' in big %}{% endif %}{% endfor %}",
                    "{% for i in range(99999) %}{{ big.find('zz') }}{% endfor %}",
                    "{% for i in range(99999) %}{% if i in bigs %}{% endif %}{% endfor %}",
                })
        void stopAnEndlessTemplate(String source) {
            Map<String, Object> variables =
                    Map.of("big", Text.ofUser("z ".repeat(50_000)), "bigs", java.util.Collections.nCopies(2_000, -1));
            assertThat(refusal(source, variables).kind()).isEqualTo(Kind.LIMIT);
        }

        @Test
        void refuseBottomlessNesting() {
            assertThat(refusal("{{ " + "(".repeat(5_000) + "1" + ")".repeat(5_000) + " }}", Map.of())
                            .kind())
                    .isEqualTo(Kind.SYNTAX);
            assertThat(refusal("{% if true %}".repeat(5_000), Map.of()).kind()).isEqualTo(Kind.SYNTAX);
            assertThat(refusal("{{ 1" + " + 1".repeat(50_000) + " }}", Map.of()).kind())
                    .isEqualTo(Kind.LIMIT);
            assertThat(refusal("{{ " + "- ".repeat(50_000) + "1 }}", Map.of()).kind())
                    .isEqualTo(Kind.SYNTAX);
            assertThat(refusal("{{ [" + "[".repeat(5_000) + " }}", Map.of()).kind())
                    .isEqualTo(Kind.SYNTAX);
            assertThat(refusal("x".repeat(1 << 21), Map.of()).kind()).isEqualTo(Kind.SYNTAX);
        }

        @Test
        void leaveRoomForLongChats() {
            String source = "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
                    + "{{ raise_exception('x') }}{% endif %}{{ '<' ~ m.role ~ '>' ~ m.content|trim }}{% endfor %}";
            List<Map<String, Text>> messages = java.util.stream.IntStream.range(0, 10_000)
                    .mapToObj(i -> Map.of(
                            "role", Text.ofUser(i % 2 == 0 ? "user" : "assistant"),
                            "content", Text.ofUser("some words of turn " + i)))
                    .toList();
            assertThat(render(source, Map.of("messages", messages)).length()).isGreaterThan(200_000);
        }

        @Test
        void leaveRoomForOneLongMessage() {
            Text content = Text.ofUser("word ".repeat(400_000));
            Text text = render(
                    "{{ ('<' ~ c|trim|replace('x', 'y') ~ '>')|trim if 'q' not in c else '' }}", Map.of("c", content));
            assertThat(text.length()).isEqualTo(2_000_001);
        }

        @Test
        void damagedTemplatesEndInARefusalOrAText() {
            long seed = 7;
            Random random = new Random(seed);
            String whole =
                    "{%- for m in messages[1:] if m.role != 'x' %}{{ '<' + m['role']|upper ~ loop.index }}{% set a, b = 1, [2, {'k': m}] %}"
                            + "{% if a is defined and not b[1].k.content.startswith(('q',)) %}{{ b|tojson(indent=2) }}{% endif %}{% endfor -%} {# c #}";
            Map<String, Object> variables =
                    Map.of("messages", java.util.Collections.nCopies(3, Map.of("role", "user", "content", "hello")));
            for (int round = 0; round < 5_000; round++) {
                StringBuilder source = new StringBuilder(whole);
                for (int i = random.nextInt(3); i >= 0; i--) {
                    int at = random.nextInt(source.length());
                    switch (random.nextInt(3)) {
                        case 0 -> source.deleteCharAt(at);
                        case 1 -> source.insert(at, whole.charAt(random.nextInt(whole.length())));
                        default -> source.setCharAt(at, whole.charAt(random.nextInt(whole.length())));
                    }
                }
                assertThatCode(() -> {
                            try {
                                render(source.toString(), variables);
                            } catch (JinjaException e) {
                                assertThat(e.line()).isPositive();
                            }
                        })
                        .as("%s, seed %s", source, seed)
                        .doesNotThrowAnyException();
            }
        }
    }

    @Nested
    class Dates {
        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "%d %b %Y          | 05 Mar 2026",
                    "%Y-%m-%d          | 2026-03-05",
                    "%B %-d, %Y        | March 5, 2026",
                    "%A %a             | Thursday Thu",
                    "%H:%M:%S %I %p    | 08:09:07 08 AM",
                    "%j %y %%          | 064 26 %",
                    "%F %T %D          | 2026-03-05 08:09:07 03/05/26",
                    "%e. %-H           | ' 5. 8'",
                })
        void areWrittenAsInC(String format, String expected) {
            assertThat(render("{{ strftime_now('" + format + "') }}")).isEqualTo(expected);
        }
    }

    @Test
    void oneTemplateServesManyThreads() {
        JinjaTemplate template = JinjaTemplate.parse(
                "{% set ns = namespace(n=0) %}{% for i in range(50) %}{% set ns.n = ns.n + k %}{% endfor %}{{ ns.n }}",
                MORNING);
        List<String> texts = java.util.stream.IntStream.range(0, 200)
                .parallel()
                .mapToObj(k -> template.render(Map.of("k", k)).value())
                .toList();
        assertThat(texts)
                .isEqualTo(java.util.stream.IntStream.range(0, 200)
                        .mapToObj(k -> Integer.toString(50 * k))
                        .toList());
    }

    @Test
    void nothingOfJavaIsInReach() {
        for (String path : List.of(
                "'x'.getClass()",
                "'x'.class",
                "messages.getClass",
                "range.call",
                "dict.getClass()",
                "loop",
                "caller")) {
            String printed = "{{ (" + path + ") is defined }}";
            Throwable refused = catchThrowableOfType(JinjaException.class, () -> render(printed));
            assertThat(refused != null || render(printed).equals("False"))
                    .as(path)
                    .isTrue();
        }
    }
}
