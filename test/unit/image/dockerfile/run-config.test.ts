import { describe, expect, test } from 'vitest';
import { applyChanges, type RunConfig } from '../../../../src/image/dockerfile/run-config.js';

test.each<[string[], RunConfig]>([
  [['CMD ["a", "b c"]'], { Cmd: ['a', 'b c'] }],
  [['cmd echo $HOME'], { Cmd: ['/bin/sh', '-c', 'echo $HOME'] }],
  [['CMD [broken'], { Cmd: ['/bin/sh', '-c', '[broken'] }],
  [['CMD []'], { Cmd: [] }],
  [['ENTRYPOINT ["x"]'], { Entrypoint: ['x'] }],
  [['ENTRYPOINT []'], {}],
  [['ENV A=1 B="2 3" C=4\\ 5'], { Env: ['A=1', 'B=2 3', 'C=4 5'] }],
  [['ENV A the rest of it'], { Env: ['A=the rest of it'] }],
  [['ENV A=1', 'ENV B=2', 'ENV A=3'], { Env: ['A=3', 'B=2'] }],
  [['ENV A='], { Env: ['A='] }],
  [['ENV A=1\nENV B=2'], { Env: ['A=1', 'B=2'] }],
  [['# nothing', '', 'ENV A=1 \\\n  B=2'], { Env: ['A=1', 'B=2'] }],
  [['WORKDIR /srv', 'WORKDIR app'], { WorkingDir: '/srv/app' }],
  [['WORKDIR "/a b"'], { WorkingDir: '/a b' }],
  [['USER app:staff'], { User: 'app:staff' }],
  [['LABEL a=b "c d"=\'e "f"\''], { Labels: { a: 'b', 'c d': 'e "f"' } }],
  [
    ['LABEL "com.example.a"="x \\"y\\"" b=\'$c\''],
    { Labels: { 'com.example.a': 'x "y"', b: '$c' } },
  ],
  [['LABEL a the rest'], { Labels: { a: 'the rest' } }],
  [
    ['EXPOSE 80 53/UDP 1-3/tcp'],
    { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '1/tcp': {}, '2/tcp': {}, '3/tcp': {} } },
  ],
  [['VOLUME ["/a b"]', 'VOLUME /c /d'], { Volumes: { '/a b': {}, '/c': {}, '/d': {} } }],
  [['STOPSIGNAL SIGRTMIN+3'], { StopSignal: 'SIGRTMIN+3' }],
  [['ONBUILD RUN make $X', 'onbuild  copy . /'], { OnBuild: ['RUN make $X', 'copy . /'] }],
])('%j gives %j', (changes, config) => {
  expect(applyChanges(changes)).toEqual(config);
});

const BASE: RunConfig = {
  Env: ['PATH=/bin', 'HOME=/root', 'EMPTY=', 'PORTS=80 443/udp'],
  Entrypoint: ['/old'],
  Cmd: ['old'],
};

describe('over a config', () => {
  test.each<[string[], RunConfig]>([
    [['ENV PATH=$PATH:/x'], { Env: ['PATH=/bin:/x', 'HOME=/root', 'EMPTY=', BASE.Env?.[3] ?? ''] }],
    [['LABEL "$HOME"="${NONE:-y}${EMPTY:+z}" b=\\$HOME'], { Labels: { '/root': 'y', b: '$HOME' } }],
    [['WORKDIR $HOME/a'], { WorkingDir: '/root/a' }],
    [['USER ${U:-web}'], { User: 'web' }],
    [['EXPOSE $PORTS 1'], { ExposedPorts: { '80/tcp': {}, '443/udp': {}, '1/tcp': {} } }],
    [['VOLUME ["$HOME/v"]', 'VOLUME $HOME/w'], { Volumes: { '/root/v': {}, '/root/w': {} } }],
    [['STOPSIGNAL ${S:-INT}'], { StopSignal: 'INT' }],
    // The shell expands these when they run.
    [['CMD echo $HOME'], { Cmd: ['/bin/sh', '-c', 'echo $HOME'] }],
    [['HEALTHCHECK CMD test -e $HOME'], { Healthcheck: { Test: ['CMD-SHELL', 'test -e $HOME'] } }],
    [['ONBUILD ENV A=$HOME'], { OnBuild: ['ENV A=$HOME'] }],
  ])('%j changes %j', (changes, changed) => {
    expect(applyChanges(changes, BASE)).toEqual({ ...BASE, ...changed });
  });

  test('a variable has the value from before its instruction', () => {
    const { Env } = applyChanges(['ENV A=1', 'ENV A=2 B=$A', 'ENV C=$A'], {});
    expect(Env).toEqual(['A=2', 'B=1', 'C=2']);
  });

  test.each([
    [['ENTRYPOINT ["new"]'], ['new'], undefined],
    [['CMD ["mine"]', 'ENTRYPOINT ["new"]'], ['new'], ['mine']],
    [['ENTRYPOINT ["new"]', 'CMD ["mine"]'], ['new'], ['mine']],
    [['CMD ["mine"]'], ['/old'], ['mine']],
    [['ENTRYPOINT []'], undefined, undefined],
  ])(
    '%j runs %j %j: an ENTRYPOINT takes away a command that was there before',
    (changes, entrypoint, cmd) => {
      const config = applyChanges(changes, BASE);
      expect([config.Entrypoint, config.Cmd]).toEqual([entrypoint, cmd]);
    },
  );

  test("a line of shell is for the image's own", () => {
    const config = applyChanges(['CMD x | y'], { Shell: ['/bin/bash', '-ec'] });
    expect(config.Cmd).toEqual(['/bin/bash', '-ec', 'x | y']);
  });

  test('the config itself is left alone', () => {
    const base = structuredClone(BASE);
    applyChanges(['ENV PATH=x', 'ENTRYPOINT ["y"]', 'LABEL a=b'], base);
    expect(base).toEqual(BASE);
  });
});

test.each([
  ['RUN x', 'not one of'],
  ['', 'no instruction'],
  ['# only a comment', 'no instruction'],
  ['constructor x', 'not one of'],
  ['CMD', 'needs an argument'],
  ['CMD [1]', 'strings only'],
  ['CMD --x y', 'no flag --x'],
  ['ENV A', 'has no value'],
  ['ENV A=1 B', 'is not NAME=VALUE'],
  ['ENV =1', 'is not NAME=VALUE'],
  ['ENV $A=1', 'is not NAME=VALUE'],
  ['ENV A="${B:?give B}"', 'B: give B'],
  ['ENV A=${B', 'is missing'],
  ['LABEL a="b', 'is not closed'],
  ['EXPOSE 70000', 'is not PORT'],
  ['EXPOSE 9-8', 'is not PORT'],
  ['EXPOSE 80/quic', 'is not PORT'],
  ['STOPSIGNAL $x', 'invalid signal'],
  ['STOPSIGNAL SIGNONE', 'invalid signal'],
  ['WORKDIR $x', 'is empty'],
  ['VOLUME [""]', 'is empty'],
  ['ONBUILD ONBUILD RUN x', "ONBUILD can't be a trigger"],
  ['ONBUILD FROM x', "FROM can't be a trigger"],
])('%j is refused: %s', (change, rule) => {
  expect(() => applyChanges([change])).toThrow(rule);
});

test('a refusal names the instruction, not all of them', () => {
  expect(() => applyChanges(['ENV A=1', 'RUN x'])).toThrow('invalid change "RUN x": not one of');
});

// Copying what is there for each port would take minutes.
test('exposes every port there is', () => {
  const { ExposedPorts } = applyChanges(['EXPOSE 1-65535']);
  expect(Object.keys(ExposedPorts ?? {})).toHaveLength(65_535);
});

test('refuses a replacement that multiplies, before it has the memory', () => {
  const long = 'x'.repeat(2 ** 11);
  expect(() => applyChanges([`ENV A=${long}`, 'ENV B=${A//x/$A}'])).toThrow(
    'it expands to more than 1048576 characters',
  );
  const { Env } = applyChanges([`ENV A=${long}`, 'ENV B=${A//x/yy}', 'ENV C=${A/x/$A}']);
  expect(Env?.map((entry) => entry.length - 2)).toEqual([2 ** 11, 2 ** 12, 2 ** 12 - 1]);
});

test('refuses variables that double with each instruction', () => {
  const bomb = ['ENV A=1234567890', ...Array.from({ length: 64 }, () => 'ENV A=$A$A')];
  expect(() => applyChanges(bomb)).toThrow(
    'invalid change "ENV A=$A$A": its variables expand to more than 1048576 characters',
  );
});
