import { expect, test } from 'vitest';
import { goValues } from '../../../../src/cli/output/go-values.js';
import { renderTemplate } from '../../../../src/cli/output/template.js';

const INSPECTION = {
  ExecIDs: null,
  State: { Status: 'running' },
  Config: { Cmd: ['sh'], Entrypoint: null, Labels: null, Volumes: null },
  HostConfig: { CapAdd: null, PidsLimit: null },
};

test.each([
  ['{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}', 'none'],
  ['{{with .State.Health}}{{.Status}}{{end}}|', '|'],
  ['{{.State.Health}} {{json .State.Health}}', '<nil> null'],
  ['{{if .Config.Healthcheck}}yes{{else}}no{{end}}', 'no'],
  ['{{.Config.Entrypoint}} {{.Config.Cmd}} {{.ExecIDs}}', '[] [sh] []'],
  ['{{len .HostConfig.CapAdd}} {{join .Config.Entrypoint " "}}|', '0 |'],
  ['{{range .HostConfig.CapAdd}}x{{else}}none{{end}}', 'none'],
  ['{{.Config.Labels}} {{len .Config.Volumes}} {{index .Config.Labels "a"}}|', 'map[] 0 |'],
  ['{{json .Config.Entrypoint}} {{json .Config.Labels}}', 'null null'],
  ['{{json .Config}}', '{"Cmd":["sh"],"Entrypoint":null,"Labels":null,"Volumes":null}'],
  ['{{json .State}}', '{"Status":"running"}'],
])('%s renders %s', (template, expected) => {
  expect(renderTemplate(template, goValues(INSPECTION))).toBe(expected);
});

test('what is there stays, and so does the inspection', () => {
  const before = structuredClone(INSPECTION);
  goValues(INSPECTION);
  expect(INSPECTION).toEqual(before);
  const healthy = { State: { Health: { Status: 'healthy' } } };
  expect(renderTemplate('{{.State.Health.Status}}', goValues(healthy))).toBe('healthy');
});
