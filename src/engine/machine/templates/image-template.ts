/**
 * Templates of images. Under emulation, each guest function has to be translated when it first runs after a
 * restore, so mounting the disks takes most of a start. The first start of an image therefore also saves a
 * machine that has the image and a new disk mounted.
 */
import { statfs } from 'node:fs/promises';
import { throwIfAborted } from '../../../abort.js';
import { BoxliteError } from '../../../errors.js';
import { blankDisk } from '../../../image/disk/blank-disk.js';
import { DISK_BYTES } from '../../../image/disk/disk-size.js';
import { copySparse, writeSparseMap } from '../../../image/disk/sparse-copy.js';
import { acquireLock, type Lock } from '../../../store/locks.js';
import type { Assets } from '../../../vmm/assets/assets.js';
import type { MachineSpec } from '../../../vmm/driver.js';
import { copySparseFile, dataMap } from '../../../vmm/template/sparse-file.js';
import {
  findImageTemplate,
  imageTemplateKey,
  removeStaleDrafts,
  removeUnusedImageTemplates,
  type Template,
} from '../../../vmm/template/template.js';
import { TemplateDraft } from '../../../vmm/template/template-draft.js';
import { vmm } from '../../../vmm/vmm.js';
import type { BoxFiles } from '../box-files.js';
import { crashPoint } from '../crash-point.js';
import { prepareValues } from '../guest-messages.js';
import type { Host } from '../host.js';
import type { VmmWalls } from '../vmm/walls.js';
import { type MachineWork, saveMachine } from './template-maker.js';

/** Kept in addition to those in use; each takes some 120 MB of disk. */
const MOST_KEPT = 8;

/** A template is not worth the host's last disk space. */
const LEAST_FREE_BYTES = 2 ** 30;

/** It takes a fifth of a second; an overloaded host gets this long. */
const PREPARE_DEADLINE_MS = 60_000;

export interface ImageTemplateRequest {
  machine: MachineSpec;
  /** What the machine has booted from. */
  assets: Assets;
  /** The machine's own template. */
  base: Template;
  manifestDigest: string;
  files: BoxFiles;
  diskBytes: number;
  /** Around the machine that mounts the image: those of the box. */
  walls: VmmWalls;
  signal?: AbortSignal | undefined;
}

/**
 * The template of a new box's image, made if it is missing; undefined if it is not available now. The caller
 * then starts from the machine's template, which reports what is wrong.
 */
export async function imageTemplate(
  host: Host,
  request: ImageTemplateRequest,
): Promise<Template | undefined> {
  const { home } = host;
  const { machine, base, manifestDigest, files, diskBytes } = request;
  // With hardware virtualization there is almost nothing to gain.
  if (machine.accelerator !== 'tcg') return undefined;
  const key = imageTemplateKey({
    machineKey: base.key,
    image: `${manifestDigest} ${files.imageIdentity}`,
    diskBytes,
    network: prepareValues(),
  });
  const found = await findImageTemplate(home, key);
  if (found) return found;
  await using lock = await takeLock(host, key);
  if (!lock || !(await hasSpace(home.root))) return undefined;
  return (await findImageTemplate(home, key)) ?? (await tryToMake(host, request, key));
}

/** If another process is making it, this one does not wait. */
async function takeLock(host: Host, key: string): Promise<Lock | undefined> {
  try {
    return await acquireLock(host.database(), `template:${key}`, {
      timeoutMs: 0,
      purpose: 'making the template',
    });
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'box-busy') return undefined;
    throw error;
  }
}

async function hasSpace(directory: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize >= LEAST_FREE_BYTES;
}

async function tryToMake(
  host: Host,
  request: ImageTemplateRequest,
  key: string,
): Promise<Template | undefined> {
  const { home } = host;
  await removeStaleDrafts(home, key);
  const draft = await TemplateDraft.begin(home, key);
  crashPoint('image-template:begun');
  try {
    const template = await make(host, request, key, draft);
    await removeUnusedImageTemplates(home, MOST_KEPT);
    return template;
  } catch (error) {
    await draft.discard();
    throwIfAborted(request.signal, 'the start');
    if (!(error instanceof BoxliteError)) throw error;
    host.options.onNotice(`no template of the image could be made (${error.message})`);
    return undefined;
  }
}

async function make(
  host: Host,
  { machine, assets, base, manifestDigest, files, diskBytes, walls, signal }: ImageTemplateRequest,
  key: string,
  draft: TemplateDraft,
): Promise<Template> {
  const { home } = host;
  const program = await host.vmm();
  await Promise.all([
    copySparseFile(base.ram, draft.ram),
    copySparse(await blankDisk(home, diskBytes), draft.disk),
  ]);
  const machineFiles = {
    ...files,
    ram: draft.ram,
    state: base.state,
    disk: draft.disk,
    stateDirectory: draft.directory,
  };
  const plan = vmm.plan(program, machine, machineFiles, { kind: 'restore', keepsRam: true });
  const bringUp: MachineWork = async (run, monitor) => {
    await run.within(monitor.restoreState(), PREPARE_DEADLINE_MS, 'vmm');
    await run.within(run.client.prepare(prepareValues()), PREPARE_DEADLINE_MS, 'disks');
    await monitor.stopWithoutImage(DISK_BYTES);
  };
  await saveMachine(draft, plan, bringUp, { walls, signal });
  await writeSparseMap(draft.disk, await dataMap(draft.disk));
  crashPoint('image-template:saved');
  return draft.commitWithDisk({
    ...machine,
    key,
    image: manifestDigest,
    machineKey: base.key,
    kernelVersion: assets.kernelVersion,
    kernelOrigin: assets.kernelOrigin,
    vmm: program.versionText,
    createdAt: new Date().toISOString(),
  });
}
