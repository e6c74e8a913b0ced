import { expect, test } from 'vitest';
import { CONTAINER } from '../../../../../src/cli/output/go/container.js';
import { renderTemplate } from '../../../../../src/cli/output/template.js';

const INSPECTION = {
  Id: '01k',
  ExecIDs: null,
  State: { Status: 'running' },
  Config: { Cmd: ['sh'], Entrypoint: null, Labels: { a: '1' }, Volumes: null },
  HostConfig: {
    CapAdd: null,
    PidsLimit: null,
    NanoCpus: 2e9,
    Dns: ['1.1.1.1'],
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    DiskSize: 5,
  },
  Mounts: [{ Type: 'bind', Source: '/a', Destination: '/b', Mode: '', RW: true, Propagation: '' }],
  NetworkSettings: {
    Ports: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }], '81/tcp': null },
    Networks: { default: { IPAddress: '10.0.2.15' } },
  },
  Boxlite: { LockId: 3, Kernel: null },
};

const render = (template: string): string => renderTemplate(template, CONTAINER(INSPECTION));

test.each([
  // what Go calls it, and what JSON does
  ['{{.ID}} {{.Id}}', '01k 01k'],
  ['{{.HostConfig.NanoCPUs}} {{.HostConfig.NanoCpus}}', '2000000000 2000000000'],
  ['{{.HostConfig.DNS}} {{.HostConfig.Dns}}', '[1.1.1.1] [1.1.1.1]'],
  ['{{.HostConfig.DiskSize}} {{.Boxlite.LockId}}', '5 3'],
  // Go's zero of what JSON leaves out
  ['{{.Config.Tty}} {{.Config.Domainname}}|{{.HostConfig.CPUShares}}', 'false |0'],
  ['{{.ResolvConfPath}}|{{.HostConfig.Runtime}}|{{.HostConfig.Init}}', '||<nil>'],
  ['{{.Config.ExposedPorts}} {{.HostConfig.Tmpfs}} {{.HostConfig.Mounts}}', 'map[] map[] []'],
  ['{{.NetworkSettings.IPAddress}}|{{.NetworkSettings.Networks.default.Gateway}}|', '||'],
  ['{{.GraphDriver}} {{.SizeRw}}', '<nil> <nil>'],
  // nil
  ['{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}', 'none'],
  ['{{with .State.Health}}{{.Status}}{{end}}|', '|'],
  ['{{.State.Health}} {{json .State.Health}}', '<nil> null'],
  ['{{if .Config.Healthcheck}}yes{{else}}no{{end}}', 'no'],
  ['{{.Config.Entrypoint}} {{.Config.Cmd}} {{.ExecIDs}}', '[] [sh] []'],
  ['{{len .HostConfig.CapAdd}} {{join .Config.Entrypoint " "}}|', '0 |'],
  ['{{range .HostConfig.CapAdd}}x{{else}}none{{end}}', 'none'],
  ['{{.Config.Labels}} {{len .Config.Volumes}}', 'map[a:1] 0'],
  // what a map lacks
  ['{{index .Config.Labels "b"}}|{{.Config.Labels.b}}', '|<no value>'],
  ['{{.NetworkSettings.Networks.bridge.IPAddress}}', '<no value>'],
  ['{{if .Config.Labels.b}}yes{{else}}no{{end}} {{json .Config.Labels.b}}', 'no null'],
  // structs as Go prints them
  ['{{.Mounts}}', '[{bind  /a /b   true }]'],
  ['{{.HostConfig.RestartPolicy}}', '{no 0}'],
  [
    '{{range $port, $bound := .NetworkSettings.Ports}}{{$port}}={{len $bound}} {{end}}',
    '80/tcp=1 81/tcp=0 ',
  ],
  // what people copy from Docker's documentation
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', '10.0.2.15'],
  [
    '{{range $p, $conf := .NetworkSettings.Ports}}{{$p}} -> {{if $conf}}{{(index $conf 0).HostIP}}:{{(index $conf 0).HostPort}}{{end}} {{end}}',
    '80/tcp -> 127.0.0.1:8080 81/tcp ->  ',
  ],
  // JSON as it is
  ['{{json .Config.Entrypoint}} {{json .Config.Volumes}}', 'null null'],
  ['{{json .State}}', '{"Status":"running"}'],
  ['{{json .Mounts}}', JSON.stringify(INSPECTION.Mounts)],
  ['{{json .}}', JSON.stringify(INSPECTION)],
  // and as a map, which Docker tries last
  ['{{index .State "Status"}} {{len .State}}', 'running 1'],
  ['{{range $key, $value := .State}}{{$key}}={{$value}}{{end}}', 'Status=running'],
])('%s renders %s', (template, expected) => {
  expect(render(template)).toBe(expected);
});

test.each([
  ['{{.Foo}}', 'map has no entry for key "Foo"'],
  ['{{.State.Foo}}', 'map has no entry for key "Foo"'],
  ['{{.State.Health.Status}}', 'nil data; no entry for key "Status"'],
  ['{{.Boxlite.Kernel.Path}}', 'nil data; no entry for key "Path"'],
])('%s is refused', (template, reason) => {
  expect(() => render(template)).toThrow(reason);
});

test('durations and times are Go’s, and JSON’s as it is', () => {
  const health = CONTAINER({
    State: { Health: { Status: 'healthy', Log: [{ Start: '2026-01-02T03:04:05.5Z' }] } },
    Config: { Healthcheck: { Test: ['CMD', 'x'], Interval: 90e9, Retries: 3 } },
  });
  const show = (template: string): string => renderTemplate(template, health);
  expect(show('{{.State.Health.Status}}')).toBe('healthy');
  expect(show('{{(index .State.Health.Log 0).Start}}')).toBe('2026-01-02 03:04:05.5 +0000 UTC');
  expect(show('{{.Config.Healthcheck.Interval}} {{.Config.Healthcheck.Timeout}}')).toBe('1m30s 0s');
  expect(show('{{.Config.Healthcheck}}')).toBe('{[CMD x] 1m30s 0s 0s 0s 3}');
  expect(show('{{json .Config.Healthcheck.Interval}}')).toBe('90000000000');
  expect(show('{{if gt .Config.Healthcheck.Interval 30000000000}}slow{{end}}')).toBe('slow');
  expect(show('{{printf "%d %s" .Config.Healthcheck.Interval .Config.Healthcheck.Interval}}')).toBe(
    '90000000000 1m30s',
  );
});
