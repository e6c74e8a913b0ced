import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { WALLS } from '../../src/agent/protocol.js';
import { ended } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, EXITED_0, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

const statusOf = (pid: number): string => readFileSync(`/proc/${pid}/status`, 'utf8');

/** The shim's broker, a child of its. */
function brokerOf(shim: number): number | undefined {
  const children = readFileSync(`/proc/${shim}/task/${shim}/children`, 'utf8').trim().split(' ');
  return children.map(Number).find((pid) => /^Name:\tboxlite-broker$/m.test(statusOf(pid)));
}

/** A hook that says that it has run. */
function hook(harness: ShimHarness) {
  const file = join(harness.root, 'hook');
  return { file, config: { onExit: ['/bin/sh', '-c', `echo $PPID > ${file}`], exitDelayMs: 1 } };
}

test('a shim whose VMM runs has locked itself in', async () => {
  await using harness = await ShimHarness.make();
  const { shim } = await harness.running();
  const status = statusOf(shim.pid);
  expect(status).toMatch(
    /^CapEff:\t0{16}\nCapBnd:\t0{16}\nCapAmb:\t0{16}\nNoNewPrivs:\t1\nSeccomp:\t2$/m,
  );
  expect(brokerOf(shim.pid)).toBeUndefined();
  expect(await harness.record('started')).toMatchObject({
    walls: WALLS.SHIM_CALLS | WALLS.SHIM_LANDLOCK,
    refused: [],
  });
});

test('one without walls has not', async () => {
  await using harness = await ShimHarness.make();
  const { shim } = await harness.running({ walls: 0 });
  expect(statusOf(shim.pid)).toMatch(/^NoNewPrivs:\t0\nSeccomp:\t0$/m);
});

test('its broker has none of its descriptors, and runs the hook as the shim’s child', async () => {
  await using harness = await ShimHarness.make();
  const { file, config } = hook(harness);
  const { shim, guest } = await harness.running(config);
  const broker = brokerOf(shim.pid) ?? 0;
  const fds = readdirSync(`/proc/${broker}/fd`).map((fd) =>
    readlinkSync(`/proc/${broker}/fd/${fd}`),
  );
  expect(fds.sort()).toEqual([
    '/dev/null',
    '/dev/null',
    '/dev/null',
    expect.stringMatching(/^socket:/),
  ]);
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await shim.exited;
  expect(readFileSync(file, 'utf8')).toBe(`${shim.pid}\n`);
  expect(existsSync(`/proc/${broker}`)).toBe(false);
});

test('a broker ends with its shim, however that ends', async () => {
  await using harness = await ShimHarness.make();
  const { shim } = await harness.running(hook(harness).config);
  const broker = brokerOf(shim.pid) ?? 0;
  shim.child.kill('SIGKILL');
  await ended(broker);
});

test('a shim that has lost its broker runs no hook, and waits for none', async () => {
  await using harness = await ShimHarness.make();
  const { file, config } = hook(harness);
  const { shim, guest } = await harness.running(config);
  const broker = brokerOf(shim.pid) ?? 0;
  process.kill(broker, 'SIGKILL');
  await ended(broker);
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await shim.exited;
  expect(existsSync(file)).toBe(false);
});
