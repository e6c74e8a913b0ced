/**
 * The public surface as a program sees it. Nothing here runs: it compiles, or the surface has changed.
 * Each `Is` line is one promise of the specification.
 */
import type { Readable, Writable } from 'node:stream';
import {
  BoxCommand,
  type BoxInfo,
  BoxliteError,
  type BoxliteOptions,
  BoxliteRuntime,
  type BoxOptions,
  type BoxState,
  BoxStatus,
  type ByteStream,
  type CreateOptions,
  type Duration,
  ERROR_CODES,
  type ErrorCode,
  type ExecOptions,
  type ExecResult,
  type Execution,
  type ImageInfo,
  type LiteBox,
  type PullResult,
  type RemoveOptions,
  type RootfsSpec,
  type RunResult,
  SecurityOptions,
  type SecurityPreset,
  type StartOptions,
  type StopOptions,
  type TerminalSize,
} from 'boxlite';

type IsAny<T> = 0 extends 1 & T ? true : false;
/** Both ways assignable, and neither is `any`. */
type Is<A, B> = IsAny<A> extends true ? 'any' : [A, B] extends [B, A] ? true : [A, 'is not', B];
type Fact<T extends true> = T;

// BoxliteRuntime
export type Facts1 = [
  Fact<Is<ConstructorParameters<typeof BoxliteRuntime>[0], BoxliteOptions | undefined>>,
  Fact<Is<typeof BoxliteRuntime.withDefaults, () => BoxliteRuntime>>,
  Fact<Is<typeof BoxliteRuntime.defaultRuntime, () => BoxliteRuntime>>,
  Fact<Is<typeof BoxliteRuntime.tryDefaultRuntime, () => BoxliteRuntime | undefined>>,
  Fact<Is<typeof BoxliteRuntime.initDefaultRuntime, (options: BoxliteOptions) => void>>,
];
export type Facts2 = [
  Fact<Is<BoxliteRuntime['create'], (options?: CreateOptions, name?: string) => Promise<LiteBox>>>,
  Fact<Is<BoxliteRuntime['get'], (idOrName: string) => Promise<LiteBox | undefined>>>,
  Fact<Is<BoxliteRuntime['getInfo'], (idOrName: string) => Promise<BoxInfo | undefined>>>,
  Fact<Is<BoxliteRuntime['listInfo'], () => Promise<BoxInfo[]>>>,
  Fact<Is<BoxliteRuntime['exists'], (idOrName: string) => Promise<boolean>>>,
  Fact<Is<ReturnType<BoxliteRuntime['getOrCreate']>, Promise<[LiteBox, boolean]>>>,
  Fact<
    Is<
      BoxliteRuntime['remove'],
      (idOrName: string, options?: boolean | RemoveOptions) => Promise<void>
    >
  >,
  Fact<Is<BoxliteRuntime['shutdown'], (timeoutSeconds?: number) => Promise<void>>>,
  Fact<Is<ReturnType<BoxliteRuntime['pullImage']>, Promise<PullResult>>>,
  Fact<Is<BoxliteRuntime['listImages'], () => Promise<ImageInfo[]>>>,
];
export async function disposes(runtime: BoxliteRuntime): Promise<void> {
  await using own = runtime;
  await using box = await own.create();
  await using execution = await box.exec(new BoxCommand('true'));
  await execution.wait();
}

// BoxliteOptions, BoxOptions, RootfsSpec
const options: BoxliteOptions = { homeDir: '/custom/boxlite', imageRegistries: ['ghcr.io/myorg'] };
const boxOptions: BoxOptions = {
  cpus: 2,
  memoryMib: 1024,
  rootfs: { image: 'python:3.11-slim' },
  security: SecurityOptions.standard(),
  env: { LANG: 'C' },
};
const rootfs: RootfsSpec[] = [{ image: 'alpine' }, { path: '/srv/root' }];
// @ts-expect-error an option that is not there is a mistake
const misspelt: BoxOptions = { memory: 1 };
// @ts-expect-error one or the other
const neither: RootfsSpec = {};
export const values = { options, boxOptions, rootfs, misspelt, neither };

// LiteBox
export type Facts3 = [
  Fact<Is<LiteBox['id'], string>>,
  Fact<Is<LiteBox['name'], string | undefined>>,
  Fact<Is<LiteBox['info'], () => Promise<BoxInfo>>>,
  Fact<Is<LiteBox['state'], () => Promise<BoxState>>>,
  Fact<Is<LiteBox['start'], (options?: StartOptions) => Promise<void>>>,
  Fact<Is<LiteBox['stop'], (options?: StopOptions) => Promise<void>>>,
  Fact<Is<LiteBox['exec'], (command: BoxCommand, options?: ExecOptions) => Promise<Execution>>>,
];

export async function runs(box: LiteBox): Promise<[RunResult, RunResult<Buffer>]> {
  const { signal } = new AbortController();
  const { stdout, exitCode }: { stdout: string; exitCode: number } = await box.run('ls');
  const options = { env: { A: stdout, B: undefined }, cwd: '/', user: 'nobody', input: 'x' };
  return [
    await box.run('ls', ['-la'], { ...options, timeout: exitCode, signal }),
    await box.run('ls', [], { encoding: 'buffer', maxBuffer: 1_000 }),
  ];
}

// BoxInfo, BoxStatus, BoxState
export type Facts4 = [
  Fact<
    Is<
      Pick<
        BoxInfo,
        | ('id' | 'name' | 'status' | 'createdAt' | 'lastUpdated')
        | ('pid' | 'image' | 'cpus' | 'memoryMib' | 'labels')
      >,
      {
        id: string;
        name: string | undefined;
        status: BoxStatus;
        createdAt: Date;
        lastUpdated: Date;
        pid: number | undefined;
        image: string;
        cpus: number;
        memoryMib: number;
        labels: Record<string, string>;
      }
    >
  >,
  Fact<Is<BoxStatus, 'unknown' | 'configured' | 'running' | 'stopping' | 'stopped'>>,
  Fact<Is<typeof BoxStatus.Running, 'running'>>,
];
type Predicate = (status: BoxStatus) => boolean;
export const predicates: Predicate[] = [
  ...[BoxStatus.isActive, BoxStatus.isRunning, BoxStatus.isConfigured, BoxStatus.isStopped],
  ...[BoxStatus.isTransient, BoxStatus.canStart, BoxStatus.canStop, BoxStatus.canRemove],
];
export type Facts5 = [
  Fact<Is<typeof BoxStatus.canRun, Predicate>>,
  Fact<
    Is<
      BoxState,
      {
        status: BoxStatus;
        pid: number | undefined;
        containerId: string | undefined;
        lastUpdated: Date;
        lockId: number | undefined;
      }
    >
  >,
];

// SecurityOptions
export type Facts6 = [
  Fact<Is<ReturnType<typeof SecurityOptions.maximum>, SecurityOptions>>,
  Fact<Is<keyof typeof SecurityOptions, SecurityPreset>>,
  Fact<Is<SecurityPreset, 'development' | 'standard' | 'maximum'>>,
];

// BoxCommand, Execution, ExecResult
export const command: BoxCommand = new BoxCommand('python3')
  .arg('-c')
  .args(['print(1)'])
  .env('LANG', 'C')
  .env({ LANG: 'C', DEBUG: undefined })
  .timeout(30_000)
  .timeout({ seconds: 30 })
  .workingDir('/app')
  .user('nobody')
  .tty({ rows: 24, cols: 80 })
  .stdin(false);
export type Facts7 = [
  Fact<Is<Parameters<BoxCommand['timeout']>, [duration: Duration]>>,
  Fact<Is<Execution['stdin'], Writable>>,
  Fact<Is<Execution['stdout'], ByteStream>>,
  Fact<Is<Execution['stderr'], ByteStream>>,
  Fact<ByteStream extends Readable ? true : false>,
  Fact<Is<ReturnType<ByteStream['lines']>, AsyncGenerator<string, void, undefined>>>,
  Fact<Is<Execution['wait'], () => Promise<ExecResult>>>,
  Fact<Is<Execution['kill'], () => void>>,
  Fact<Is<Execution['signal'], (signal: string | number) => void>>,
  Fact<Is<Execution['resizeTty'], (size: TerminalSize) => void>>,
  Fact<
    Is<
      ExecResult,
      {
        exitCode: number;
        signal: number | undefined;
        oomKilled: boolean;
        timedOut: boolean;
        success(): boolean;
      }
    >
  >,
];

// BoxliteError
export type Facts8 = [
  Fact<Is<BoxliteError['code'], ErrorCode>>,
  Fact<Is<(typeof ERROR_CODES)[number], ErrorCode>>,
  Fact<BoxliteError extends Error ? true : false>,
  Fact<Is<BoxliteError['hint'], string | undefined>>,
];
