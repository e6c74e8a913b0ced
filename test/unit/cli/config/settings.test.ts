import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type GlobalValues,
  readSettings,
  runtimeOptions,
} from '../../../../src/cli/config/settings.js';

const home = mkdtempSync(join(tmpdir(), 'boxlite-settings-'));
const config = join(home, 'config.json');
afterAll(() => rmSync(home, { recursive: true }));

const NO_FLAGS: GlobalValues = {
  home: undefined,
  config: undefined,
  registry: [],
  'insecure-registry': [],
  'ca-cert': [],
  accel: undefined,
  'no-color': false,
  debug: false,
};
const read = (flags: Partial<GlobalValues> = {}, environment: Record<string, string> = {}) =>
  readSettings({ ...NO_FLAGS, ...flags }, { BOXLITE_HOME: home, ...environment });

describe('readSettings', () => {
  it('has defaults for all of it', () => {
    expect(readSettings(NO_FLAGS, { BOXLITE_HOME: '/nonexistent' })).toMatchObject({
      home: '/nonexistent',
      registries: [],
      accelerator: undefined,
      color: true,
      debug: false,
      detachKeys: 'ctrl-p,ctrl-q',
    });
  });

  it('takes flags over environment over file', () => {
    writeFileSync(
      config,
      '{"accelerator":"kvm","registries":["file.test"],"memory":"1g","cpus":2}',
    );
    const environment = { BOXLITE_ACCEL: 'auto', BOXLITE_REGISTRY: 'a.test, b.test' };
    expect(read()).toMatchObject({ accelerator: 'kvm', memoryMib: 1024, cpus: 2 });
    expect(read({}, environment).accelerator).toBe('auto');
    expect(read({ accel: 'tcg', registry: ['flag.test'] }, environment)).toMatchObject({
      accelerator: 'tcg',
      registries: ['flag.test', 'a.test', 'b.test', 'file.test'],
    });
  });

  it('takes a directory for Docker’s, which has the credentials', () => {
    writeFileSync(config, '{"cpus":3}');
    expect(read({ config: home }, { DOCKER_CONFIG: '/docker' })).toMatchObject({
      dockerConfigDir: home,
      cpus: 3,
    });
  });

  it('knows how registries are reached', () => {
    writeFileSync(
      config,
      '{"caCertificates":["/file.pem"],"registryMirrors":{"quay.io":["m.test/quay"]}}',
    );
    const environment = { BOXLITE_CA_CERT: '/a.pem:/b.pem', DOCKER_CONFIG: '/docker' };
    expect(read({ 'ca-cert': ['/flag.pem'] }, environment)).toMatchObject({
      caCertificates: ['/flag.pem', '/a.pem', '/b.pem', '/file.pem'],
      registryMirrors: { 'quay.io': ['m.test/quay'] },
      dockerConfigDir: '/docker',
    });
    writeFileSync(config, '{"registryMirrors":["https://m.test"]}');
    expect(read()).toMatchObject({
      caCertificates: [],
      registryMirrors: { 'docker.io': ['https://m.test'] },
      dockerConfigDir: undefined,
    });
  });

  it('takes the limits of layers from the file and, before it, from the environment', () => {
    writeFileSync(config, '{"maxLayerSize":"1.5t","maxLayerEntries":5}');
    const environment = { BOXLITE_MAX_LAYER_SIZE: '2g', BOXLITE_MAX_LAYER_ENTRIES: '7' };
    const inFile = { maxLayerBytes: 1.5 * 2 ** 40, maxLayerEntries: 5 };
    expect(read()).toMatchObject(inFile);
    expect(read({}, environment)).toMatchObject({ maxLayerBytes: 2 ** 31, maxLayerEntries: 7 });
    expect(runtimeOptions(read(), () => undefined)).toMatchObject(inFile);
  });

  it('takes the address for published ports from the file and, before it, from the environment', () => {
    writeFileSync(config, '{"publishAddress":"0.0.0.0"}');
    expect(read().publishAddress).toBe('0.0.0.0');
    expect(read({}, { BOXLITE_PUBLISH_ADDRESS: '0:0::1' }).publishAddress).toBe('::1');
    expect(() => read({}, { BOXLITE_PUBLISH_ADDRESS: 'localhost' })).toThrow(
      'BOXLITE_PUBLISH_ADDRESS must be an IP address',
    );
    writeFileSync(config, '{}');
  });

  it('takes whether changes of the host are noticed from the file and, before it, from the environment', () => {
    writeFileSync(config, '{"watch":"on"}');
    expect(read().watch).toBe('on');
    expect(read({}, { BOXLITE_WATCH: 'off' }).watch).toBe('off');
    expect(() => read({}, { BOXLITE_WATCH: 'yes' })).toThrow(
      'BOXLITE_WATCH must be one of off, on',
    );
    writeFileSync(config, '{}');
  });

  it('takes --home over BOXLITE_HOME, and the home’s own file', () => {
    writeFileSync(config, '{"cpus":4}');
    expect(readSettings({ ...NO_FLAGS, home }, { BOXLITE_HOME: '/elsewhere' })).toMatchObject({
      home,
      cpus: 4,
    });
  });

  it.each([
    ['{', 'is not valid JSON'],
    ['[]', 'must hold a JSON object'],
    ['{"cpus":"many"}', '"cpus" must be a whole number from 1 to 64'],
    ['{"cpus":1.5}', '"cpus" must be a whole number from 1 to 64'],
    ['{"memory":64}', '"memory" a box needs at least 128 MiB of memory'],
    ['{"maxLayerSize":5}', '"maxLayerSize" must be a string'],
    ['{"maxLayerSize":"5"}', '"maxLayerSize" needs a unit, such as 64g'],
    ['{"maxLayerSize":"0g"}', '"maxLayerSize" a layer must be allowed more than nothing'],
    ['{"maxLayerEntries":0}', '"maxLayerEntries" must be a whole number from 1'],
    ['{"registries":"a"}', '"registries" must be a list of strings'],
    ['{"registryMirrors":"m.test"}', '"registryMirrors" must hold a list of mirrors for each'],
    ['{"registryMirrors":{"a.test":"m.test"}}', '"registryMirrors" must be a list of strings'],
    ['{"accelerator":"warp"}', '"accelerator" must be one of auto, kvm, tcg'],
    ['{"regsitries":[]}', 'unknown key "regsitries"'],
    ['{"__proto__":1}', 'unknown key "__proto__"'],
  ])('refuses %s, naming the file and the key', (text, message) => {
    writeFileSync(config, text);
    expect(() => read()).toThrow(config);
    expect(() => read()).toThrow(message);
  });

  it('refuses a file that was named and is not there', () => {
    expect(() => read({ config: '/no/such.json' })).toThrow('/no/such.json');
    expect(() => read({}, { BOXLITE_CONFIG: '/no/such.json' })).toThrow('/no/such.json');
  });

  it('names the variable that is wrong', () => {
    writeFileSync(config, '{}');
    expect(() => read({}, { BOXLITE_ACCEL: 'warp' })).toThrow('BOXLITE_ACCEL must be one of');
  });

  it('has no colour with --no-color or NO_COLOR, nor on a dumb terminal', () => {
    expect(read({}, { TERM: 'dumb' }).color).toBe(false);
    expect(read({}, { TERM: 'xterm' }).color).toBe(true);
    expect(read({ 'no-color': true }).color).toBe(false);
    expect(read({}, { NO_COLOR: '1' }).color).toBe(false);
  });
});
