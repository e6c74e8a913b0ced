import { describe, expect, test } from 'vitest';
import { compileTemplate, renderTemplate } from '../../../../src/cli/output/template.js';
import { TemplateError } from '../../../../src/cli/output/template-error.js';

const DATA = {
  ID: '01k123',
  Names: 'web',
  Image: 'docker.io/library/alpine:3',
  Empty: '',
  Count: 3,
  Ratio: 0.5,
  Running: true,
  Paused: false,
  Nothing: null,
  Undefined: undefined,
  Started: new Date(0),
  Args: ['sh', '-c', 'echo "hi"'],
  None: [],
  Labels: { b: '2', a: '1', 'com.x/y': 'z' },
  State: { Status: 'running', Pid: 42, Health: null },
  Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '53/udp': null },
  Label: (key: string) => (key === 'a' ? '1' : ''),
};

const render = (source: string) => renderTemplate(source, DATA);

describe('a template renders', () => {
  test.each([
    // text and fields
    ['plain', 'plain'],
    ['', ''],
    ['{{.ID}}\t{{.Names}}', '01k123\tweb'],
    ['{{ .ID }}', '01k123'],
    ['{{.State.Pid}}', '42'],
    ['{{.Count}} {{.Ratio}} {{.Running}} {{.Paused}}', '3 0.5 true false'],
    ['{{.Nothing}} {{.Undefined}} {{.State.Health}}', '<no value> <nil> <no value>'],
    ['{{.Args}} {{.None}}', '[sh -c echo "hi"] []'],
    ['{{.Labels}}', 'map[a:1 b:2 com.x/y:z]'],
    ['{{.State}}', 'map[Health:<nil> Pid:42 Status:running]'],
    ['{{.Started}}', '1970-01-01T00:00:00.000Z'],
    ['{{.Labels.a}}{{.Labels.missing}}{{.Labels.missing.too}}', '1<no value><no value>'],
    ['{{.Label "a"}}', '1'],
    ['{{"a" | .Label}}', '1'],
    // literals
    ['{{"literal"}}', 'literal'],
    ['{{"{{"}}{{"}}"}}', '{{}}'],
    ['{{`raw\\n`}}', 'raw\\n'],
    ['{{"tab\\tquote\\" \\u00e4 \\x41"}}', 'tab\tquote" ä A'],
    ["{{'A'}}", '65'],
    ['{{1}} {{-2}} {{0x1F}} {{1.5e3}} {{1_000}}', '1 -2 31 1500 1000'],
    ['{{true}} {{false}}', 'true false'],
    // comments and trimming
    ['a{{/* not this }} */}}b', 'ab'],
    ['a {{- /* nor this */ -}} b', 'ab'],
    ['a {{- .ID -}} b', 'a01k123b'],
    ['a {{-3}}', 'a -3'],
    ['a\n{{- range .Args}}\n- {{.}}\n{{- end}}\nb', 'a\n- sh\n- -c\n- echo "hi"\nb'],
    // conditions
    ['{{if .Running}}yes{{end}}', 'yes'],
    ['{{if .Paused}}yes{{else}}no{{end}}', 'no'],
    ['{{if .Empty}}1{{else if .None}}2{{else if .Count}}3{{else}}4{{end}}', '3'],
    ['{{if .Empty}}1{{else if .None}}2{{end}}.', '.'],
    ['{{if not .Nothing}}none{{end}}', 'none'],
    ['{{with .State}}{{.Status}}{{end}}', 'running'],
    ['{{with .Nothing}}x{{else}}nothing{{end}}', 'nothing'],
    ['{{with .Nothing}}x{{else with .State}}{{.Pid}}{{end}}', '42'],
    ['{{with .State}}{{$.ID}}{{end}}', '01k123'],
    // loops and variables
    ['{{range .Args}}<{{.}}>{{end}}', '<sh><-c><echo "hi">'],
    ['{{range .None}}x{{else}}empty{{end}}', 'empty'],
    ['{{range .Nothing}}x{{else}}empty{{end}}', 'empty'],
    ['{{range .Labels}}{{.}}{{end}}', '12z'],
    ['{{range $k, $v := .Labels}}{{$k}}={{$v}} {{end}}', 'a=1 b=2 com.x/y=z '],
    ['{{range $i, $arg := .Args}}{{if $i}},{{end}}{{$arg}}{{end}}', 'sh,-c,echo "hi"'],
    ['{{range $x := .Args}}{{$x}};{{end}}', 'sh;-c;echo "hi";'],
    ['{{range 3}}{{.}}{{end}}', '012'],
    ['{{range .Args}}{{if eq . "-c"}}{{break}}{{end}}{{.}}{{end}}', 'sh'],
    ['{{range .Args}}{{if eq . "-c"}}{{continue}}{{end}}{{.}} {{end}}', 'sh echo "hi" '],
    [
      '{{range $p, $conf := .Ports}}{{$p}} {{with $conf}}{{(index . 0).HostPort}}{{end}};{{end}}',
      '53/udp ;80/tcp 8080;',
    ],
    ['{{$x := .Count}}{{$x}}', '3'],
    ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2'],
    ['{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}', '1'],
    // pipes and parentheses
    ['{{.Names | upper}}', 'WEB'],
    ['{{.Names | upper | printf "%s-%s" "x"}}', 'x-WEB'],
    ['{{len (split .Image "/")}}', '3'],
    ['{{(index (index .Ports "80/tcp") 0).HostPort}}', '8080'],
    // Go's functions
    ['{{index .Args 0}} {{index .Labels "com.x/y"}}.{{index .Labels "missing"}}.', 'sh z..'],
    ['{{index .Ports "80/tcp" 0 "HostIp"}}', '0.0.0.0'],
    ['{{len .Args}} {{len .Labels}} {{len "ä"}}', '3 3 2'],
    ['{{slice .ID 0 3}} {{slice .Args 1}}', '01k [-c echo "hi"]'],
    ['{{print 1 2 "a" 3}} {{println 1 "a"}}', '1 2a3 1 a\n'],
    ['{{eq .Count 3}} {{eq .Count 1 2 3}} {{ne .ID "x"}}', 'true true true'],
    ['{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge "b" "a"}}', 'true true false true'],
    ['{{eq .Nothing nil}} {{eq .ID nil}}', 'true false'],
    ['{{and .Running .Count}} {{and .Empty .Count}}.', '3 .'],
    ['{{or .Empty .Names}} {{or .Empty .Paused}}', 'web false'],
    ['{{if and .State.Health .State.Health.Status}}x{{else}}no health{{end}}', 'no health'],
    // docker's functions
    ['{{json .Labels}}', '{"b":"2","a":"1","com.x/y":"z"}'],
    [
      '{{json .Nothing}} {{json .Undefined}} {{json .Args}}',
      'null null ["sh","-c","echo \\"hi\\""]',
    ],
    ['{{json "<&\u2028>"}}', '"<&\\u2028>"'],
    ['{{join .Args ","}} {{join .Nothing ","}}.', 'sh,-c,echo "hi" .'],
    ['{{join .Labels ","}}', '1,2,z'],
    ['{{split .Image "/"}}', '[docker.io library alpine:3]'],
    ['{{lower "ABC"}} {{upper "abc"}} {{title "hello big-world"}}', 'abc ABC Hello Big-World'],
    ['[{{pad .Names 1 2}}] [{{pad "" 1 2}}]', '[ web  ] []'],
    ['{{truncate .Image 6}} {{truncate "ab" 6}}', 'docker ab'],
  ])('%s', (source, expected) => {
    expect(render(source)).toBe(expected);
  });

  test('as often as wanted, with other data', () => {
    const template = compileTemplate('{{.A}}{{$x := 1}}{{$x}}');
    expect([{ A: 1 }, { A: 2 }].map((data) => template.render(data))).toEqual(['11', '21']);
  });
});

describe('a malformed template is refused', () => {
  test.each([
    ['{{.ID', 'template: :1: unclosed action'],
    ['\n\n{{.ID', 'template: :3: unclosed action'],
    ['{{.ID}', 'template: :1: unexpected "}" in operand'],
    ['{{}}', 'template: :1: missing value for command'],
    ['{{| upper}}', 'template: :1: missing value for command'],
    ['{{.ID | }}', 'template: :1: missing value for command'],
    ['{{if}}x{{end}}', 'template: :1: missing value for if'],
    ['{{if .ID}}x', 'template: :1: unexpected EOF'],
    ['{{if .ID}}x{{else}}y', 'template: :1: unexpected EOF'],
    ['{{if .ID}}{{else}}{{else}}{{end}}', 'template: :1: expected end; found {{else}}'],
    ['{{end}}', 'template: :1: unexpected {{end}}'],
    ['{{else}}', 'template: :1: unexpected {{else}}'],
    ['{{if .ID}}{{end x}}', 'template: :1: unexpected "x" in end'],
    ['{{foo .ID}}', 'template: :1: function "foo" not defined'],
    ['{{constructor}}', 'template: :1: function "constructor" not defined'],
    ['{{$x}}', 'template: :1: undefined variable "$x"'],
    ['{{$x = 1}}', 'template: :1: undefined variable "$x"'],
    ['{{if true}}{{$x := 1}}{{end}}{{$x}}', 'template: :1: undefined variable "$x"'],
    ['{{"open}}', 'template: :1: unterminated quoted string'],
    ['{{"\\q"}}', 'template: :1: invalid syntax in "\\q"'],
    ["{{'ab'}}", "template: :1: malformed character constant: 'ab'"],
    ['{{12ab}}', 'template: :1: bad number syntax: "12ab"'],
    ['{{(.ID}}', 'template: :1: unclosed left paren'],
    ['{{.ID)}}', 'template: :1: unexpected ")" in command'],
    ['{{"a" 1}}', 'template: :1: can\'t give argument to non-function "a"'],
    ['{{1 | 2}}', 'template: :1: non executable command in pipeline stage 2'],
    ['{{.ID"a"}}', 'template: :1: unexpected "\\"a\\"" in operand'],
    ['{{break}}', 'template: :1: {{break}} outside {{range}}'],
    ['{{template "x"}}', 'template: :1: {{template}} is not supported'],
    ['{{/* open', 'template: :1: unexpected "/" in operand'],
  ])('%s', (source, reason) => {
    expect(() => compileTemplate(source)).toThrow(
      expect.objectContaining({ message: `template parsing error: ${reason}` }),
    );
  });
});

describe('a template that would exhaust the stack', () => {
  const nested = (depth: number) => [
    '{{if true}}'.repeat(depth) + '{{end}}'.repeat(depth),
    `{{if .Empty}}${'{{else if .Empty}}'.repeat(depth - 1)}{{end}}`,
    `{{${'('.repeat(depth)}.Empty${')'.repeat(depth)}}}`,
    `${'{{range 1}}'.repeat(depth - 1)}{{($.Empty)}}${'{{end}}'.repeat(depth - 1)}`,
  ];

  test.each(nested(200))('renders at a depth of 200: %.20s', (source) => {
    expect(render(source)).toBe('');
  });

  test.each([...nested(201), ...nested(20_000)])(
    'is refused when it is deeper: %.20s',
    (source) => {
      expect(() => compileTemplate(source)).toThrow(
        'template: :1: blocks and parentheses are nested more than 200 deep',
      );
    },
  );
});

describe('data that do not fit are refused', () => {
  test.each([
    ['{{.Foo}}', ':1:2: executing "" at <.Foo>: can\'t evaluate field Foo'],
    ['x\n {{.Foo}}', ':2:3: executing "" at <.Foo>: can\'t evaluate field Foo'],
    ['{{.constructor}}', ':1:2: executing "" at <.constructor>: can\'t evaluate field constructor'],
    ['{{.State.Foo}}', ':1:2: executing "" at <.State.Foo>: map has no entry for key "Foo"'],
    ['{{.ID.Foo}}', ':1:2: executing "" at <.ID.Foo>: can\'t evaluate field Foo in type string'],
    ['{{.Nothing.Foo}}', ':1:2: executing "" at <.Nothing.Foo>: nil data; no entry for key "Foo"'],
    [
      '{{.ID "x"}}',
      ':1:2: executing "" at <.ID>: ID has arguments but cannot be invoked as function',
    ],
    ['{{. "x"}}', ':1:2: executing "" at <.>: can\'t give argument to non-function .'],
    ['{{range .ID}}{{end}}', ':1:8: executing "" at <.ID>: range can\'t iterate over 01k123'],
    [
      '{{range 9999999999}}x{{end}}',
      ':1:8: executing "" at <9999999999>: range over more than 1000000',
    ],
    [
      '{{index .Args 9}}',
      ':1:2: executing "" at <index>: error calling index: index out of range: 9',
    ],
    [
      '{{upper .Count}}',
      ':1:2: executing "" at <upper>: wrong type for value; expected string; got int',
    ],
    ['{{upper}}', ':1:2: executing "" at <upper>: wrong number of args for upper: want 1 got 0'],
    ['{{and}}', ':1:2: executing "" at <and>: wrong number of args for and: want at least 1 got 0'],
    [
      '{{eq 1 "1"}}',
      ':1:2: executing "" at <eq>: incompatible types for comparison: int and string',
    ],
    ['{{eq .Args .Args}}', ':1:2: executing "" at <eq>: non-comparable type []interface {}'],
    ['{{len 3}}', ':1:2: executing "" at <len>: error calling len: len of type int'],
    [
      '{{join "a" ","}}',
      ':1:2: executing "" at <join>: error calling join: expected slice, got string',
    ],
  ])('%s', (source, reason) => {
    expect(() => render(source)).toThrow(
      expect.objectContaining({ message: `template parsing error: template: ${reason}` }),
    );
  });

  test('the error is told apart by its class and says what to do', () => {
    expect(() => render('{{.Foo}}')).toThrow(TemplateError);
    expect(() => render('{{.Foo}}')).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        hint: expect.stringContaining('{{json .}}') as string,
      }),
    );
  });
});

test.each<[string, string, string]>([
  ['an escape sequence in a value', '{{.Label}}', '\uFFFD[31mred\uFFFD2J'],
  ['one in what a function yields', '{{upper .Label}}', '\uFFFD[31MRED\uFFFD2J'],
  ['one in a list', '{{.All}}', '[\uFFFD[31mred\uFFFD2J]'],
  ['the template’s own colours', '\x1b[1m{{.Name}}\x1b[0m', '\x1b[1ma\tb\n\x1b[0m'],
])('on a screen %s acts only if the one who looks wrote it', (_what, source, shown) => {
  const hostile = '\x1b[31mred\x9b2J';
  const data = { Label: hostile, All: [hostile], Name: 'a\tb\n' };
  expect(renderTemplate(source, data, true)).toBe(shown);
  expect(renderTemplate('{{.Label}}', data)).toBe(hostile);
});
