import { expect, test } from 'vitest';

import { applyChanges } from '../../../src/image/import-changes.js';

test.each([
  [['CMD ["a", "b c"]'], { Cmd: ['a', 'b c'] }],
  [['cmd echo $HOME'], { Cmd: ['/bin/sh', '-c', 'echo $HOME'] }],
  [['CMD [broken'], { Cmd: ['/bin/sh', '-c', '[broken'] }],
  [['ENTRYPOINT ["x"]'], { Entrypoint: ['x'] }],
  [['ENV A=1 B="2 3" C=4\\ 5'], { Env: ['A=1', 'B=2 3', 'C=4 5'] }],
  [['ENV A the rest of it'], { Env: ['A=the rest of it'] }],
  [['ENV A=1', 'ENV B=2', 'ENV A=3'], { Env: ['A=3', 'B=2'] }],
  [['ENV A='], { Env: ['A='] }],
  [['WORKDIR /srv', 'WORKDIR app'], { WorkingDir: '/srv/app' }],
  [['USER app:staff'], { User: 'app:staff' }],
  [['LABEL a=b "c d"=\'e "f"\''], { Labels: { a: 'b', 'c d': 'e "f"' } }],
  [['EXPOSE 80 53/UDP 1-3/tcp'], { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '1-3/tcp': {} } }],
  [['VOLUME ["/a b"]', 'VOLUME /c /d'], { Volumes: { '/a b': {}, '/c': {}, '/d': {} } }],
  [['STOPSIGNAL SIGRTMIN+3'], { StopSignal: 'SIGRTMIN+3' }],
])('%j gives %j', (changes, config) => {
  expect(applyChanges(changes)).toEqual(config);
});

test.each([
  ['RUN x', 'not one of'],
  ['', 'not one of'],
  ['constructor x', 'not one of'],
  ['CMD', 'needs an argument'],
  ['ENV A', 'has no value'],
  ['ENV A=1 B', 'is not NAME=VALUE'],
  ['ENV =1', 'is not NAME=VALUE'],
  ['LABEL a="b', 'is not closed'],
  ['EXPOSE 70000', 'is not PORT'],
  ['EXPOSE 80/quic', 'is not PORT'],
  ['STOPSIGNAL $x', 'not a signal'],
])('%j is refused', (change, rule) => {
  expect(() => applyChanges([change])).toThrow(rule);
});
