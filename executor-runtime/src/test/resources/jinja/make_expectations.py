"""Writes expectations.json: what Hugging Face's own renderer makes of the templates in this directory.

python -m venv v && v/bin/pip install jinja2 transformers && v/bin/python make_expectations.py
"""

import json
import pathlib

import jinja2
import transformers
from transformers.utils.chat_template_utils import render_jinja_template

HERE = pathlib.Path(__file__).parent
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}

def m(*turns):
    return [{"role": role, "content": content} for role, content in turns]

CHATS = {
    "one": m(("user", "Hello, who are you?")),
    "system": m(("system", "Be brief."), ("user", "2+2?")),
    "turns": m(("user", "Hi"), ("assistant", "Hello!"), ("user", "  spaces \n around  ")),
    "system-turns": m(("system", " S "), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"), ("user", "e")),
    "thinking": m(("user", "why?"), ("assistant", "<think>\nbecause of x\n</think>\n\nBecause."), ("user", "ok"),
                  ("assistant", "<think>\nfine\n</think>\n\nFine.")),
    "tools": m(("user", "weather?"), ("assistant", "calling"), ("tool", '{"t": 21}'), ("tool", "sunny"), ("assistant", "21 and sunny"),
               ("user", "<tool_response>x</tool_response>")),
    "empty": m(("user", ""), ("assistant", ""), ("user", "")),
    "only-system": m(("system", "alone")),
    "wrong-order": m(("assistant", "me first"), ("user", "ok")),
    "strange-role": m(("critic", "hmm")),
    "unicode": m(("user", "你好，世界 😀 naïve \u00a0 e\u0301"), ("assistant", "ΑΒΓ ß ŉ \u2028 line"), ("user", "\t\"quoted\" \\ back {{ x }} {% y %} {# z #}")),
    "system-late": m(("user", "a"), ("system", "late"), ("user", "b")),
    "long": m(*[("user" if i % 2 == 0 else "assistant", f"turn {i}") for i in range(9)]),
}

cases = []
for path in sorted(HERE.glob("*.jinja")):
    for name, messages in CHATS.items():
        for prompt in (True, False):
            case = {"template": path.name, "chat": name, "add_generation_prompt": prompt}
            try:
                rendered, _ = render_jinja_template([messages], chat_template=path.read_text(), add_generation_prompt=prompt, **TOKENS)
                case["rendered"] = rendered[0]
            except jinja2.exceptions.TemplateError as e:
                case["raises"] = str(e)
            cases.append(case)

# Small templates, one feature each; what Python refuses is refused here, too.
VARIABLES = {"s": "Hello World", "u": "你好 😀 ß é", "n": 7, "f": 2.5, "t": True, "z": None, "l": [3, 1, 2], "e": [], "w": "  two  words \n",
             "d": {"b": 1, "a": [1, "x"], "items": "shadow"}, "m": [{"k": "B", "v": 2}, {"k": "a", "v": 1}, {"k": "b", "v": 2}]}
PRINTED = """
s|upper; s|lower; s|title; s|capitalize; s.swapcase(); u|upper; u|title; 'hello wORLD it\\'s'|title; 'ŉa ǆ'|title; 'ΑΣ'|lower; s|length; u|length
s[0]; s[-1]; s[99]; s[1:]; s[:-1]; s[::2]; s[::-1]; s[5:1:-1]; s[-3:]; s[:99]; u[1]; u[3]; u[::-1]; l[0]; l[-1]; l[1:]; l[::-1]; l[5]; l[-9:9]; (1,2,3)[1:]
s.split(); s.split('o'); s.split('o', 1); s.rsplit('o', 1); w.split(); w.split(None, 1); w.rsplit(None, 1); ''.split(); ''.split(','); 'a,,b'.split(','); s.partition('o'); s.rpartition('o'); s.partition('q'); s.rpartition('q'); 'a\\nb\\r\\nc\\n'.splitlines(); 'a\\nb\\n'.splitlines(true)
s.strip('Hd'); w.strip(); w.lstrip(); w.rstrip(); w|trim; s|trim('Hd'); 'xxaxx'.strip('x'); '\u3000a\u00a0'.strip(); s.removeprefix('Hello '); s.removesuffix('World'); s.removeprefix('x')
s.startswith('He'); s.startswith(('x', 'H')); s.endswith('d'); s.find('o'); s.find('q'); s.rfind('o'); u.find('😀'); s.index('o'); s.index('q'); s.count('l'); s.count(''); s.replace('l', 'L'); s.replace('l', 'L', 1); s.replace('', '-'); s.replace('', '-', 2); s|replace('o', '0'); s.join(['a', 'b']); ', '.join(['x']); ','.join([1])
'abc'.isalpha(); 'ab1'.isalnum(); '12'.isdigit(); '½'.isnumeric(); ' '.isspace(); ''.isalpha(); 'ab'.islower(); 'AB1'.isupper(); '1'.islower(); '7'.zfill(3); '-7'.zfill(4); 'a'.center(5); 'ab'.center(5, '*'); 'a'.ljust(3)~'|'; 'a'.rjust(3, '.')
'{} {}'.format(1, 'x'); '{0}{1}{0}'.format('a', 'b'); '{x}'.format(x=n); '{{}}'.format(); '{}'.format(); '%s-%d'|format('a', 3); '%5s|%-5s|'|format('a', 'b'); '%05d'|format(42); '%.2f'|format(2.675); '%+d'|format(5); '%x'|format(255); '%%'|format(); '%s' % 'a'; '%s %s' % ('a', 1); '%r' % 'a'; '%d'|format('a'); '%s'|format(); '%5.1f|'|format(f); '%s'|format(l)
n + 1; n - 10; n * 2; n / 2; n // 2; n % 3; -n // 2; -n % 3; n ** 2; 2 ** -1; n + f; f * 2; f // 1; -f % 2; 7.0 // 2; n / 0; n // 0; n % 0; 1 + true; true + true; -true; +n; - -n; 'a' + 'b'; 'a' + 1; 1 + 'a'; 'a' * 3; 3 * 'a'; [1] * 2; [1] + [2]; (1,) + (2,); [1] + (2,); 'a' ~ 1 ~ none; s + none; none + s; l + none; d + d
1 == 1.0; true == 1; '1' == 1; [1] == (1,); [1, 2] == [1.0, 2]; {'a': 1} == {'a': 1.0}; none == false; x == y; x == none; 1 < 2 < 3; 1 < 3 < 2; 'a' < 'b'; 'a' < 'B'; [1, 2] < [1, 3]; 1 < 'a'; none < 1; 1 != 2 != 1; 3 > 2 >= 2; 'é' < 'z'; '😀' > '\uffff'
'a' in 'abc'; 'd' not in 'abc'; '' in 'a'; 1 in 'a'; 1 in l; 9 in l; 'b' in d; 'q' in d; 1 in x; x in l; 1 in (1, 2); none in [none]; 1.0 in l; 2 in {2: 3}; [1] in [[1]]; [1] in d
not t; not not t; t and 'x'; '' and 'x'; '' or 'x'; e or 'none'; 0 or none; t and z or n; not z and t; (n if t else f); (n if z); (n if z else f if t else s); 'y' if 1 == 1 and not false else 'n'; 1 if t else 2 + 3
none; true; false; None; True; False; [none, true, 1.5, 's']; {'k': none, 1: 2}; (); (1,); (1, 2); [[1, [2]], {}]; 1e16; 1e15; 1.0; 1e-4; 1e-5; 123456789.125; 1.5e300; 0.1; 100000000000000000.0; -0.0; 1_000; 0x1F; 'it\\'s'; ['it\\'s']; ['a"b']; ['a"\\'b']; ['\\n\\t\\\\']; ['\u2028é\u00a0\u200b']; '\u00e9\x41\101\q'; 'a' 'b'
s|tojson; u|tojson; d|tojson; l|tojson(indent=2); d|tojson(indent=4); e|tojson(indent=2); {}|tojson(indent=1); {'b': {'c': []}, 'a': 1.0}|tojson(sort_keys=true); u|tojson(ensure_ascii=true); '\x7f\x01\x1f"\\/'|tojson; l|tojson(separators=(',', ':')); x|tojson; z|tojson; t|tojson; f|tojson; 1e20|tojson; '<&>\\''|tojson; (1, 2)|tojson; {1: 2, none: 3}|tojson; l|tojson(indent='\t')
l|join; l|join('-'); m|join(',', attribute='k'); l|first; l|last; e|first; e|last; l|sort; l|sort(reverse=true); ['b', 'A', 'a']|sort; ['b', 'A', 'a']|sort(case_sensitive=true); m|sort(attribute='v,k')|map(attribute='k')|join; l|reverse|list; s|reverse; l|sum; m|sum(attribute='v'); e|sum; l|max; l|min; ['b', 'C']|max; m|max(attribute='v')|tojson; e|max; [1, 'a']|sort
l|length; d|length; n|length; x|length; z|length; s|list; d|list; l|list; ['a', 'A', 'b']|unique|list; [1, 1.0, true, 2]|unique|list; m|unique(attribute='v')|map(attribute='k')|list; m|groupby('v')|map('list')|list; m|groupby('k')|map('first')|list; d|dictsort; {'b': 1, 'A': 2}|dictsort; {'b': 1, 'A': 2}|dictsort(by='value'); {'b': 1, 'A': 2}|dictsort(true); {'b': 1}|dictsort(reverse=true)
m|map(attribute='k')|list; m|map(attribute='q', default='?')|list; l|map('string')|list; ['a', 'b']|map('upper')|list; ['1', '2']|map('int')|sum; [' a ']|map('trim')|list; ['a']|map('replace', 'a', 'b')|list; l|map('nofilter')|list; m|map(attribute='k.0')|list; [[1, 2]]|map(attribute=1)|list
l|select('odd')|list; l|reject('odd')|list; [0, 1, '', 'a']|select|list; [0, 1, '']|reject|list; m|selectattr('v', 'equalto', 2)|map(attribute='k')|list; m|selectattr('v', '==', 2)|list|length; m|selectattr('v', 'gt', 1)|list|length; m|rejectattr('v', 'in', [2])|map(attribute='k')|list; m|selectattr('q')|list; m|selectattr('q', 'defined')|list; m|selectattr('k')|list|length; l|select('in', [1, 2])|list; l|select('nosuch')|list; l|select('divisibleby', 3)|list
x|default('d'); z|default('d'); z|default('d', true); ''|default('d', boolean=true); x|d; m[9]|default('d'); m[0].q|default('d'); x.y|default('d'); d.a|default('q')
'12'|int; '12.7'|int; 'x'|int; 'x'|int(5); '0x1f'|int(base=16); 'ff'|int(base=16); 3.9|int; -3.9|int; true|int; none|int; '1.5'|float; 'x'|float; 'x'|float(1.5); n|float; ' 3 '|int; '1e3'|float; 2.5|round; 3.5|round; 2.567|round(2); 2.567|round(1, 'floor'); 2.1|round(method='ceil'); 7|round; -2.5|round; 2.675|round(2); -5|abs; f|abs; 'a'|abs; n|string; l|string; z|string; x|string; s|e; '<a href="x">\\'&'|e; '<b>'|safe; 'a b  c'|wordcount
'a\\nb\\n\\nc'|indent; 'a\\nb'|indent(2, true); 'a\\n\\nb'|indent(2, blank=true); 'a\\nb'|indent('> '); d|items|list; x|items|list; s|items|list; d.items()|list; d['items']; d.items; d.get('b'); d.get('q'); d.get('q', 5); d.keys()|list; d.values()|list; d.b; d['b']; d.q; d.q.r; d['q']['r']; m[0].k; m[0]['k']; m.0.k; s.nothing; n.real2; none.x; x.y; x.y.z; l.index(1); l.index(9); l.count(1); (1, 2, 1).count(1); d|attr('items')|string|length > 0
x is defined; s is defined; x is undefined; x is not defined; d.q is defined; z is none; z is not none; s is string; n is string; n is number; t is number; t is boolean; n is integer; t is integer; f is integer; f is float; d is mapping; l is mapping; l is iterable; s is iterable; n is iterable; d is iterable; x is iterable; l is sequence; d is sequence; s is sequence; n is odd; n is even; n is divisibleby 7; n is divisibleby(2); 'a' is lower; 'A' is upper; '1' is lower; t is true; n is true; f is false; false is false; s is eq 'Hello World'; n is ne 7; n is gt 3; n is lessthan 3; n is in [7]; n is in(l); 'upper' is filter; 'nof' is filter; 'odd' is test; s is sameas s; z is sameas none; t is sameas true; range is callable; s is callable; n is not odd; not n is odd; x is defined and x.y; 'x' is odd; 2 is eq 2 and 3 is eq 3; l is eq [3, 1, 2]
range(3)|list; range(1, 4)|list; range(5, 0, -2)|list; range(0)|list; range(200000)|list|length; range(1, 2, 0)|list; range(3)|sum; dict(a=1, b='x'); dict(d, c=3)|length; namespace(a=1).a; namespace(d).b; namespace(a=1).q; range(3)|join(','); range(3)[1]; range(3)|length; range(3)|last; 1 in range(3)
l.append(4); d.update({'x': 1}); l.sort(); s.__class__; s.__class__.__mro__; d.__init__; ''.join.__globals__; x(); s(); n.x(); (l|map)(1); l|nosuch; s is nosuch; raise_exception('no'); raise_exception()
loop; s s; 1 +; (1; [1; {1}; {'a': }; a.b.; 'open; s|; s is; s[; s[1; .5; 5.; 1..2; a = 1; n ? 1 : 2; n && t; !t; n++; lambda: 1; {% if %}; }} {{; ==; not; s if; s.'a'; f(**d); f(a=1, 2); 08; 1__0; 3in l; 9e999
"""
BLOCKS = [
    "{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex0 }}{{ loop.depth }}{{ loop.cycle('a', 'b') }}{{ loop.changed(i > 1) }};{% endfor %}",
    "{% for i in l %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {% endfor %}", "{% for i in l %}{{ loop.nothing }}{% endfor %}",
    "{% for i in e %}x{% else %}empty{% endfor %}", "{% for i in l if i > 1 %}{{ loop.index }}:{{ i }} {% else %}none{% endfor %}", "{% for i in l if i > 9 %}x{% else %}none{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k, v in d|dictsort %}{{ k }};{% endfor %}", "{% for a, b in l %}{% endfor %}", "{% for (a, b) in [(1, 2)] %}{{ a + b }}{% endfor %}", "{% for a, (b, c) in [(1, (2, 3))] %}{{ a + b + c }}{% endfor %}",
    "{% for i in x %}x{% else %}undefined is empty{% endfor %}", "{% for i in n %}{% endfor %}", "{% for i in z %}{% endfor %}", "{% for c in u %}[{{ c }}]{% endfor %}", "{% for k in d %}{{ k }} {% endfor %}",
    "{% for i in l %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "{% for i in l %}{% if i == 1 %}{% break %}{% endif %}{{ i }}{% endfor %}", "{% for i in l %}{% for j in l %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }}{{ loop.depth }} {% endfor %}{% endfor %}", "{% break %}",
    "{% for i in l %}{% continue %}{% else %}else after continue{% endfor %}", "{% for i in l %}{% break %}{% else %}else after break{% endfor %}", "{% for i in l %}a{% if i == 1 %}{% break %}{% endif %}{% else %}b{% endfor %}",
    "{% set q = 1 %}{% for i in l %}{% set q = i %}{{ q }}{% endfor %}{{ q }}", "{% set q = 1 %}{% if t %}{% set q = 2 %}{% endif %}{{ q }}", "{% for i in l %}{% if loop.first %}{% set r = i %}{% endif %}[{{ r }}]{% endfor %}", "{% for i in l %}{{ q }}{% set q = i %}{% endfor %}",
    "{% set ns = namespace(n=0) %}{% for i in l %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "{% set d.b = 5 %}", "{% set nn.b = 5 %}", "{% set a, b = 1, 2 %}{{ b }}{{ a }}", "{% set a, b = l %}", "{% set a = 1, 2 %}{{ a }}", "{% set q %}text {{ n }}{% endset %}{{ q|upper }}", "{% set q | upper | trim %} text {% endset %}[{{ q }}]", "{% set true = 1 %}", "{% set q = x %}{{ q is defined }}", "{% set ns = namespace() %}{% set ns.a %}blk{% endset %}{{ ns.a }}",
    "{% if x %}a{% elif z %}b{% elif n %}c{% else %}d{% endif %}", "{% if not x %}a{% endif %}", "{% if x.y %}a{% endif %}", "{% if l and n > 3 %}yes{% else %}no{% endif %}", "{% if t %}{% endif %}", "{% if n == 7 -%}   a   {%- endif %}", "{% if t %}a{% else %}b{% else %}c{% endif %}",
    "{% macro f(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }}|{{ f(1, 3) }}|{{ f(a=1, c=9) }}|{{ f() }}|{{ f(1)|upper }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(q=2) }}", "{% macro f() %}{{ n }}{{ later }}{% endmacro %}{% set later = 5 %}{{ f() }}", "{% macro f(i) %}{{ i }}{% if i > 0 %}{{ f(i - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% macro f() %}<{{ caller() }}>{% endmacro %}{% call f() %}in {{ n }}{% endcall %}", "{% macro f() %}{{ caller('x') }}{% endmacro %}{% call(v) f() %}[{{ v }}]{% endcall %}", "{% macro f() %}{% set q = 9 %}{% endmacro %}{{ f() }}{{ q }}", "{{ f() }}{% macro f() %}a{% endmacro %}", "{% for i in l %}{% macro g() %}{{ i }}{% endmacro %}{{ g() }}{% endfor %}",
    "{% filter upper %}a{{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aXa{% endfilter %}", "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}", "{% with a = 1 %}{% with b = a %}{{ b }}{% endwith %}{% endwith %}", "{% generation %}g{{ n }}{% endgeneration %}", "{% generation %}{% set q = 1 %}{% endgeneration %}{{ q }}", "{% raw %}{{ a }}{% if %}{% endraw %}", "{%- raw -%}  x  {%- endraw -%}  y", "a {#- c -#} b", "a {# c #} b", "{# unclosed", "a {# x #}\n b", "{#\n#}\n\nb",
    "  {% if t %}\n  a\n  {% endif %}\n  b\n", "  {%- if t %}\n  a\n  {%- endif %}\n  b\n\n", "  {%+ if t %}\n  a\n  {%+ endif +%}\n  b", "x  {% if t %}\n a {% endif %} \n b", "{{ n }}\n{{ n }}\n", "{{ n -}} \n {{- n }}", "\n\n{% if t %}\n\n{% endif %}\n\n", "a\r\nb{% if t %}\r\nc{% endif %}\r", "\t{% if t %}a{% endif %}\t\n\t{# c #}\t\n\tx", "{%if t%}a{%endif%}", "{{n}}{{-n}}{{ -n }}", "{{ '}}' }}{{ '{%' }}{{ {'a': {'b': 1}}.a.b }}", "{{ {'a': 1}['a'] }}", "}} %} #} { % }", "{{", "{%", "{{ n }", "{% if t }", "{% if t %}", "{% endif %}", "{% for i in l %}{% endif %}", "{% for %}", "{% for i %}{% endfor %}", "{% nosuch %}", "{% include 'a' %}", "{% import 'a' as b %}", "{% extends 'a' %}", "{% do l.append(1) %}", "{%%}", "{{}}", "{% set %}", "{% set q %}", "{% macro %}{% endmacro %}", "{% macro f(a=1, b) %}{% endmacro %}", "{% call n %}{% endcall %}", "{% elif %}", "{% else %}", "", "\n", "plain", "{{ s }}{{ '\n' }}", "{{ l|\n  join(',') }}", "{{ [\n1,\n2,\n] }}{{ {'a': 1,} }}{{ (1,) }}", "{% set q = {'a': [1, {'b': 2}]} %}{{ q.a[1].b }}{{ q['a'][0] }}",
]
OPEN = {"d.items", "d.__init__", "s.__class__", "s.__class__.__mro__", "d|attr('items')|string|length > 0", "''.join.__globals__"}


def snippets():
    printed = [p.strip() for line in PRINTED.strip().split("\n") for p in line.split("; ")]
    for source in [*("{{ " + p + " }}" for p in printed if p not in OPEN), *BLOCKS]:
        case = {"source": source}
        try:
            rendered, _ = render_jinja_template([[{"role": "user", "content": "x"}]], chat_template=source, **VARIABLES)
            case["rendered"] = rendered[0]
        except Exception as e:  # each kind of refusal is one here
            case["refuses"] = f"{type(e).__name__}: {e}"
        yield case


made = (f"rendered by transformers {transformers.__version__} (render_jinja_template) with jinja2 {jinja2.__version__};"
        " make_expectations.py beside this file writes it; never edited by hand")
out = {"made": made, "tokens": TOKENS, "chats": CHATS, "cases": cases, "variables": VARIABLES, "snippets": list(snippets())}
(HERE / "expectations.json").write_text(json.dumps(out, ensure_ascii=False, indent=1) + "\n")
