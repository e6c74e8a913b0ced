import { createHash } from 'node:crypto';
import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../abort.js';
import { BoxliteError } from '../../errors.js';
import { installHint } from '../../host/distribution.js';
import type { Home } from '../../host/home.js';
import { nativeProgram } from '../../host/native-programs.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { programDirectories, SYSTEM_DIRECTORIES } from '../../host/program-path.js';
import { writeFileWhole } from '../../host/write-file-whole.js';
import type { Accelerator } from '../../vmm/accelerator/accelerator.js';
import { type KernelChoice, prepareAssets } from '../../vmm/assets/assets.js';
import { vmm } from '../../vmm/vmm.js';
import { busyboxRootfs } from './busybox-rootfs.js';

export interface SetupOptions extends KernelChoice {
  signal?: AbortSignal | undefined;
  /** Path of a QEMU to use instead of the one on PATH. */
  qemu?: string;
  /** Receives the beginning, the progress and the end of each step. */
  onStep?: (event: SetupEvent) => void;
  /** Makes the first template; returns whether it was missing, and the accelerator of boxes. */
  prepareTemplate: (
    onProgress: (message: string) => void,
  ) => Promise<{ made: boolean; accelerator: Accelerator }>;
  /** Stores a rootfs tar as an image and returns the image's id. */
  importImage: (source: AsyncIterable<Uint8Array>, options: ImportOptions) => Promise<string>;
  /** The id of the image stored under this name. */
  findImage: (reference: string) => Promise<string | undefined>;
}

export interface ImportOptions {
  reference: string;
  /** Instructions as for `import --change`. */
  changes: string[];
  message: string;
}

export type SetupEvent =
  | { kind: 'begin'; name: string; summary: string }
  | { kind: 'progress'; name: string; message: string }
  | { kind: 'end'; result: StepResult };

export interface StepResult {
  name: string;
  /** The step's purpose, in a few words. */
  summary: string;
  /** `skipped`: everything was in place already, or a step that it needs has failed. */
  status: 'done' | 'skipped' | 'failed';
  /** What was found or made, or why not. */
  detail: string;
  /** For a failed step: what is wrong and, in its hint, what to do by hand. */
  error?: BoxliteError;
  durationMs: number;
}

export interface SetupReport {
  /** False if a step has failed. */
  ok: boolean;
  steps: StepResult[];
}

/** The image that is available without a registry. */
export const BUILT_IN_IMAGE = 'localhost/busybox:latest';

/**
 * Prepares a home for boxes. Tries every step whose requirements are met, so one run reports all that is
 * missing; skips steps that are done, so a repeated run is quick.
 * @returns a report, also when steps fail
 * @throws cancelled by the signal; permission or no-space when the home can't be written at all
 */
export async function setup(home: Home, options: SetupOptions): Promise<SetupReport> {
  makePrivateDirectory(home.assets());
  const results: StepResult[] = [];
  for (const step of setupSteps(home, options)) {
    throwIfAborted(options.signal, 'the set-up');
    const { name, summary } = step;
    options.onStep?.({ kind: 'begin', name, summary });
    const unmet = step.needs.filter((need) =>
      results.some((result) => result.name === need && result.error !== undefined),
    );
    const result = await runStep(step, unmet, (message) =>
      options.onStep?.({ kind: 'progress', name, message }),
    );
    throwIfAborted(options.signal, 'the set-up');
    results.push(result);
    options.onStep?.({ kind: 'end', result });
  }
  return { ok: results.every((result) => result.status !== 'failed'), steps: results };
}

interface Step {
  name: string;
  summary: string;
  needs: readonly string[];
  run(onProgress: (message: string) => void): Promise<{ made: boolean; detail: string }>;
}

function setupSteps(home: Home, options: SetupOptions): Step[] {
  return [
    {
      name: 'qemu',
      summary: 'find QEMU, which runs the virtual machines',
      needs: [],
      run: async () => {
        const { path, versionText } = await vmm.find(home, options.qemu);
        return { made: false, detail: `${versionText}, ${path}` };
      },
    },
    {
      name: 'mke2fs',
      summary: "find mke2fs, which makes the boxes' writable disks",
      needs: [],
      run: async () => ({ made: false, detail: await findMke2fs() }),
    },
    {
      name: 'native',
      summary: 'find the native programs',
      needs: [],
      run: () => {
        nativeProgram('boxlite-shim');
        nativeProgram('boxlite-net');
        nativeProgram('boxlite-hub');
        nativeProgram('boxlite-ram.so');
        nativeProgram('boxlite-archive');
        nativeProgram('boxlite-host');
        return Promise.resolve({ made: false, detail: nativeProgram('boxlite-guest') });
      },
    },
    {
      name: 'kernel',
      summary: 'get a kernel for the guest, with the initramfs that it starts',
      needs: ['native'],
      run: async (onProgress) => {
        const { kernel, modules } = options;
        const prepared = await prepareAssets(home, {
          onProgress,
          signal: options.signal,
          ...(kernel === undefined ? {} : { kernel }),
          ...(modules === undefined ? {} : { modules }),
        });
        return {
          made: prepared.made.kernel || prepared.made.initramfs,
          detail: `Linux ${prepared.kernelVersion} from ${prepared.kernelOrigin}`,
        };
      },
    },
    {
      name: 'image',
      summary: `make the built-in image ${BUILT_IN_IMAGE}`,
      needs: [],
      run: () => makeBuiltInImage(home, options),
    },
    {
      name: 'template',
      summary: 'boot a virtual machine once and keep it as the template that boxes start from',
      needs: ['qemu', 'native', 'kernel'],
      run: async (onProgress) => {
        const { made, accelerator } = await options.prepareTemplate(onProgress);
        const what = made ? 'booted and saved' : 'is there';
        return { made, detail: `${what}; boxes run by ${byWhat(accelerator)}` };
      },
    },
  ];
}

function byWhat({ name, reason, cure }: Accelerator): string {
  if (name === 'kvm') return 'KVM';
  return `emulation (${reason}${cure === undefined ? '' : `; to change that: ${cure}`})`;
}

async function runStep(
  step: Step,
  unmet: readonly string[],
  onProgress: (message: string) => void,
): Promise<StepResult> {
  const { name, summary } = step;
  if (unmet.length > 0) {
    const detail = `needs ${unmet.join(', ')}`;
    return { name, summary, status: 'skipped', detail, durationMs: 0 };
  }
  const begin = performance.now();
  const elapsed = (): number => Math.round(performance.now() - begin);
  try {
    const { made, detail } = await step.run(onProgress);
    const status = made ? 'done' : 'skipped';
    return { name, summary, status, detail, durationMs: elapsed() };
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    const detail = error.message;
    return { name, summary, status: 'failed', detail, error, durationMs: elapsed() };
  }
}

/** Debian keeps it out of an ordinary user's PATH. */
export async function findMke2fs(): Promise<string> {
  for (const directory of [...programDirectories(), ...SYSTEM_DIRECTORIES]) {
    const path = join(directory, 'mke2fs');
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new BoxliteError('setup-needed', 'mke2fs is not installed', {
    hint: installHint('e2fsprogs'),
  });
}

const CHANGES = [
  'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'CMD ["sh"]',
];

/** An image's id depends on its creation time, so the rootfs's digest shows whether the image is current. */
async function makeBuiltInImage(
  home: Home,
  options: SetupOptions,
): Promise<{ made: boolean; detail: string }> {
  const { tar, origin } = await busyboxRootfs(home, options.signal);
  const digest = createHash('sha256').update(tar).digest('hex');
  const record = join(home.assets(), 'busybox.json');
  const detail = `${BUILT_IN_IMAGE} from ${origin}`;
  const stored = await options.findImage(BUILT_IN_IMAGE);
  if (stored !== undefined && (await recorded(record)) === `${digest} ${stored}`)
    return { made: false, detail };
  const id = await options.importImage(oneChunk(tar), {
    reference: BUILT_IN_IMAGE,
    changes: CHANGES,
    message: 'made by BoxLite',
  });
  await writeFileWhole(record, JSON.stringify(`${digest} ${id}`));
  return { made: true, detail };
}

async function recorded(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined; // missing or damaged: the image is rebuilt
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- what import takes is an async iterable
async function* oneChunk(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}
