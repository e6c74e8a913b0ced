import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { CredentialHelper } from '../../src/image/credentials/credential-helper.js';
import { CredentialStore } from '../../src/image/credentials/credential-store.js';
import {
  makeCredentialHelper,
  type TestHelper,
  writeProgram,
} from '../helpers/credential-helper.js';

const HUB = 'https://index.docker.io/v1/';
const ME = { username: 'me', password: 'p:w "quoted" ü' };

let scratch: string;
let environment: NodeJS.ProcessEnv;
let helper: TestHelper;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-credentials-'));
  onTestFinished(() => rm(scratch, { recursive: true }));
  helper = await makeCredentialHelper(join(scratch, 'own helper'), 'test');
  environment = { PATH: `${helper.directory}:/usr/bin:/bin` };
});

const configure = (document: object): Promise<void> =>
  writeFile(join(scratch, 'config.json'), JSON.stringify(document));
const store = (): CredentialStore => new CredentialStore(scratch, environment);
const configuration = async (): Promise<unknown> =>
  JSON.parse(await readFile(join(scratch, 'config.json'), 'utf8'));

describe('a helper', () => {
  test('keeps, gives, lists and erases', async () => {
    const program = new CredentialHelper('test', environment);
    expect(await program.get('quay.io')).toBeUndefined();
    await program.store('quay.io', ME);
    await program.store('gcr.io', { username: 'me', identityToken: 'id' });
    expect(await program.get('quay.io')).toEqual(ME);
    expect(await program.get('gcr.io')).toEqual({ identityToken: 'id' });
    expect(await program.list()).toEqual({ 'quay.io': 'me', 'gcr.io': '<token>' });
    await program.erase('quay.io');
    await program.erase('quay.io');
    expect(await program.list()).toEqual({ 'gcr.io': '<token>' });
  });

  test('gets secrets on stdin, never as an argument or in its environment', async () => {
    await new CredentialHelper('test', environment).store('quay.io', ME);
    const [run] = await helper.runs();
    expect(run?.args).toEqual(['store']);
    expect(JSON.parse(run?.input ?? '')).toEqual({
      ServerURL: 'quay.io',
      Username: ME.username,
      Secret: ME.password,
    });
    expect(run?.environment).toEqual([environment.PATH]);
  });

  test.each(['../evil', 'a/b', '', 'a b', 'x;y', '\0'])('named %j is refused', (name) => {
    expect(() => new CredentialHelper(name)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }) as Error,
    );
  });

  test('that is not installed is named, with what to do', async () => {
    await expect(new CredentialHelper('desktop', environment).get('quay.io')).rejects.toMatchObject(
      {
        code: 'registry-auth',
        message: 'the credential helper docker-credential-desktop is not there',
        hint: expect.stringContaining('credsStore') as string,
      },
    );
  });

  test.each([
    ['says why on stdout', 'echo keychain is locked; exit 1', 'keychain is locked'],
    ['says why on stderr', 'echo keychain is locked >&2; exit 1', 'keychain is locked'],
    ['says nothing', 'exit 3', 'status 3'],
    ['is killed', 'kill -9 $$', 'status SIGKILL'],
    ['answers with half a document', `echo '{"Secret":"s3cret'`, 'is not valid JSON'],
    ['answers with a list', 'echo []', 'must be an object'],
    ['hides its words in control characters', `printf '\\033[2Jlocked'; exit 1`, ': [2Jlocked'],
  ])('that %s fails with that', async (_how, script, message) => {
    await writeProgram(helper.directory, 'bad', `#!/bin/sh\n${script}\n`);
    const error: unknown = await new CredentialHelper('bad', environment)
      .get('quay.io')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'registry-auth',
      message: expect.stringContaining(message) as string,
    });
    expect(String(error)).not.toContain('s3cret');
    expect(error).not.toHaveProperty('cause');
  });

  test('that does not end in time is killed, whatever it has started', async () => {
    await writeProgram(helper.directory, 'slow', '#!/bin/sh\necho s3cret; sleep 20; echo\n');
    const began = Date.now();
    await expect(
      new CredentialHelper('slow', environment, 300).get('quay.io'),
    ).rejects.toMatchObject({
      code: 'timeout',
      message: 'the credential helper docker-credential-slow did not end within 0.3 s',
      hint: expect.stringContaining('keychain') as string,
    });
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  test('is killed when the signal aborts, though a child of it holds its pipes', async () => {
    await writeProgram(helper.directory, 'slow', '#!/bin/sh\ntrap "" INT; sleep 20; echo\n');
    await configure({ credsStore: 'slow' });
    const began = Date.now();
    const reading = store().get('quay.io', AbortSignal.timeout(300));
    await expect(reading).rejects.toMatchObject({
      code: 'cancelled',
      message: 'the credential helper docker-credential-slow was cancelled',
    });
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  test.each(['', ' >&2'])('that writes without end%s is refused, and nothing shown', async (to) => {
    await writeProgram(helper.directory, 'endless', `#!/bin/sh\nyes s3cret${to}\n`);
    const error: unknown = await new CredentialHelper('endless', environment)
      .get('quay.io')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'registry-auth',
      message: 'the credential helper docker-credential-endless wrote more than 1048576 bytes',
    });
    expect(inspect(error)).not.toContain('s3cret');
  });

  test('that repeats what it was told to keep does not get it shown', async () => {
    await writeProgram(helper.directory, 'loud', '#!/bin/sh\ncat; exit 1\n');
    const login = { username: 'me', password: 's3cret' };
    const error: unknown = await new CredentialHelper('loud', environment)
      .store('quay.io', login)
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('"Secret":"…"');
    expect(String(error)).not.toContain('s3cret');
  });
});

describe('the store', () => {
  test('gives what DOCKER_AUTH_CONFIG has before helper and file, and never writes it', async () => {
    await new CredentialHelper('test', environment).store('quay.io', ME);
    await configure({ credsStore: 'test' });
    const auths = { 'https://quay.io/v1': { auth: Buffer.from('ci:token').toString('base64') } };
    environment.DOCKER_AUTH_CONFIG = JSON.stringify({ auths, HttpHeaders: {} });
    expect(await store().get('quay.io')).toEqual({ username: 'ci', password: 'token' });
    expect(await store().get('docker.io')).toBeUndefined();
    await store().put('quay.io', { username: 'new', password: 'x' });
    expect((await helper.entries())['quay.io']?.Username).toBe('new');
    expect(await store().get('quay.io')).toEqual({ username: 'ci', password: 'token' });
    expect(await configuration()).toEqual({ credsStore: 'test', auths: { 'quay.io': {} } });
    environment.DOCKER_AUTH_CONFIG = '';
    expect(await store().get('quay.io')).toEqual({ username: 'new', password: 'x' });
  });

  test.each([
    ['{"auths": {"s3cret', 'DOCKER_AUTH_CONFIG is not valid JSON'],
    ['["s3cret"]', 'DOCKER_AUTH_CONFIG must be an object'],
    ['{"auths": "s3cret"}', 'DOCKER_AUTH_CONFIG, auths must be an object'],
    [
      '{"auths": {"quay.io": {"auth": "s3cret!"}}}',
      'DOCKER_AUTH_CONFIG, auths, quay.io, auth must be base64 of USER:PASSWORD',
    ],
    [
      '{"auths": {"quay.io": {"registrytoken": "s3cret\\r\\nX-Evil: 1"}}}',
      'DOCKER_AUTH_CONFIG, auths, quay.io, registrytoken must be ASCII without spaces',
    ],
  ])('names a DOCKER_AUTH_CONFIG of %j without showing it', async (text, message) => {
    environment.DOCKER_AUTH_CONFIG = text;
    const error: unknown = await store()
      .get('quay.io')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid-argument', message });
    expect(inspect(error)).not.toContain('s3cret');
  });

  test('asks the registry’s own helper before the one for all, and that before the file', async () => {
    await makeCredentialHelper(join(scratch, 'other helper'), 'other');
    environment.PATH = `${environment.PATH ?? ''}:${join(scratch, 'other helper')}`;
    await new CredentialHelper('test', environment).store('quay.io', ME);
    const theirs = { username: 'other', password: 'x' };
    await new CredentialHelper('other', environment).store('quay.io', theirs);
    const auths = { 'quay.io': { auth: Buffer.from('file:y').toString('base64') } };

    await configure({ auths });
    expect(await store().get('quay.io')).toEqual({ username: 'file', password: 'y' });
    await configure({ auths, credsStore: 'other' });
    expect(await store().get('quay.io')).toEqual(theirs);
    await configure({ auths, credsStore: 'other', credHelpers: { 'quay.io': 'test' } });
    expect(await store().get('quay.io')).toEqual(ME);
  });

  test('takes a helper that has none at its word', async () => {
    const auths = { 'quay.io': { auth: Buffer.from('file:y').toString('base64') } };
    await configure({ auths, credsStore: 'test' });
    expect(await store().get('quay.io')).toBeUndefined();
  });

  test('knows Docker Hub by its old key', async () => {
    await configure({ credHelpers: { [HUB]: 'test' } });
    const saved = await store().put('docker.io', ME);
    expect(saved.helper).toBe('docker-credential-test');
    expect(await helper.entries()).toEqual({ [HUB]: { Username: 'me', Secret: ME.password } });
    expect(await store().get('docker.io')).toEqual(ME);
  });

  test('leaves no secret in the file when a helper keeps it', async () => {
    const auths = { 'quay.io': { auth: Buffer.from('me:old').toString('base64') } };
    await configure({ auths, credsStore: 'test' });
    await store().put('quay.io', ME);
    expect(await configuration()).toEqual({ auths: { 'quay.io': {} }, credsStore: 'test' });
  });

  test('forgets a registry in the helper and in the file, under all its spellings', async () => {
    await configure({
      auths: { 'quay.io': {}, 'https://quay.io': {}, 'Quay.io/v1/': {}, 'gcr.io': {} },
      credsStore: 'test',
    });
    await store().put('quay.io', ME);
    expect(await store().erase('quay.io')).toEqual([]);
    expect(await helper.entries()).toEqual({});
    expect(await configuration()).toEqual({ auths: { 'gcr.io': {} }, credsStore: 'test' });
    expect(await store().erase('quay.io')).toEqual([]);
  });

  test('forgets Docker Hub with the tokens of a log-in by browser', async () => {
    const [entry, token] = [{ auth: 'bWU6cHc=' }, { auth: 'bWU6dG9rZW4=' }];
    const auths = {
      ...{ [`${HUB}access-token`]: token, [`${HUB}refresh-token`]: token },
      ...{ 'registry-1.docker.io/v2/': entry, 'quay.io': entry },
    };
    await configure({ auths });
    expect(await store().get('docker.io')).toEqual({ username: 'me', password: 'pw' });
    expect(await store().erase('docker.io')).toEqual([]);
    expect(await configuration()).toEqual({ auths: { 'quay.io': entry } });
    await configure({ auths: { [`${HUB}access-token`]: {} }, credsStore: 'test' });
    const program = new CredentialHelper('test', environment);
    for (const name of ['', 'access-token', 'refresh-token']) await program.store(HUB + name, ME);
    expect(await store().erase('docker.io')).toEqual([]);
    expect(await helper.entries()).toEqual({});
    expect(await configuration()).toEqual({ auths: {}, credsStore: 'test' });
  });

  test('forgets the tokens of a log-in by browser in the helper of Docker Hub', async () => {
    await configure({ credHelpers: { [HUB]: 'test' } });
    const program = new CredentialHelper('test', environment);
    for (const name of ['', 'access-token', 'refresh-token']) await program.store(HUB + name, ME);
    expect(await store().erase('docker.io')).toEqual([]);
    expect(await helper.entries()).toEqual({});
  });

  test('says what a helper would not forget, and keeps its mark', async () => {
    await writeProgram(helper.directory, 'bad', '#!/bin/sh\necho locked; exit 1\n');
    await configure({ auths: { 'quay.io': {} }, credHelpers: { 'quay.io': 'bad' } });
    const failures = await store().erase('quay.io');
    expect(failures.map(({ message }) => message)).toEqual([
      'the credential helper docker-credential-bad did not erase for quay.io: locked',
    ]);
    expect(await configuration()).toMatchObject({ auths: { 'quay.io': {} } });
  });
});
