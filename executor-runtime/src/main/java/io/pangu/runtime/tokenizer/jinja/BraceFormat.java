package io.pangu.runtime.tokenizer.jinja;

/** Python's {@code str.format} with fields by order, number or name, and without format specifications. */
final class BraceFormat {
    private BraceFormat() {}

    static Text format(Text format, Arguments in) {
        TextBuilder out = new TextBuilder();
        String value = format.value();
        int next = 0;
        for (int at = 0; at < value.length(); at++) {
            char c = value.charAt(at);
            boolean doubled = at + 1 < value.length() && value.charAt(at + 1) == c;
            if ((c == '{' || c == '}') && doubled) {
                out.append(format.substring(at, at + 1));
                at++;
            } else if (c == '{') {
                int end = value.indexOf('}', at);
                String field = end < 0 ? "{" : value.substring(at + 1, end);
                if (!field.matches("[0-9]{0,4}|[A-Za-z_][A-Za-z0-9_]*")) {
                    throw JinjaException.failed("format() has the field '{" + field + "}'");
                }
                out.append(Printer.text(field(in, field.isEmpty() ? Integer.toString(next++) : field)));
                at = end;
            } else {
                out.append(format.substring(at, at + 1));
            }
        }
        return out.build();
    }

    private static Object field(Arguments in, String field) {
        boolean isNumber = Character.isDigit(field.charAt(0));
        return isNumber ? in.required(Integer.parseInt(field), field) : in.required(Integer.MAX_VALUE, field);
    }
}
