import { type ImageParts, readParts } from '../../image/store/image-parts.js';
import { diskName, pathsWithout } from '../../image/store/store-files.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { ImageRecord } from '../../store/images.js';
import { isActive } from '../../store/status.js';
import { listTemplates } from '../../vmm/template/template.js';
import { type BoxInfo, boxInfo } from '../state/box-info.js';
import { imagesOfBox } from '../state/images-of-box.js';
import { observed } from '../state/observe.js';
import { listVolumes, type VolumeInfo } from '../volumes/info.js';
import { volumeBytes } from '../volumes/size.js';
import type { ImageStore } from './store.js';
import { bytesOf } from './store-sizes.js';

/** Disk usage on the host, in bytes; holes do not count. */
export interface DiskUsage {
  images: ImageUsage[];
  /** All images together; shared parts count once. */
  imageBytes: number;
  /** What removing all images that no box uses would free. */
  reclaimableImageBytes: number;
  boxes: { box: BoxInfo; bytes: number; active: boolean }[];
  volumes: { volume: VolumeInfo; bytes: number }[];
  /** Saved machines that boxes start from; BoxLite creates and deletes them itself. */
  templates: { count: number; active: number; bytes: number };
}

export interface ImageUsage {
  id: string;
  /** Canonical; empty for an image without a name. */
  references: string[];
  createdAt: Date;
  bytes: number;
  /** The part of it that other images share. */
  sharedBytes: number;
  /** Number of boxes made from it. */
  boxes: number;
}

/** Read-only. */
export async function diskUsage({ home, database }: ImageStore): Promise<DiskUsage> {
  const records = await Promise.all(
    database()
      .boxes.list()
      .map((record) => observed(home, record)),
  );
  const groups = new Map<string, { record: ImageRecord; paths: Set<string> }>();
  for (const record of database().images.all()) {
    const group = groups.get(record.imageId) ?? { record, paths: new Set() };
    for (const path of pathsOf(record.manifestDigest, await readParts(home, record.manifestDigest)))
      group.paths.add(path);
    groups.set(record.imageId, group);
  }
  const users = new Map<string, number>();
  for (const { paths } of groups.values())
    for (const path of paths) users.set(path, (users.get(path) ?? 0) + 1);
  const sizes = new Map([...users.keys()].map((path) => [path, bytesOf(path)]));
  const sum = (paths: Iterable<string>): number =>
    [...paths].reduce((bytes, path) => bytes + (sizes.get(path) ?? 0), 0);

  const needed = new Set<string>();
  for (const { manifestDigest, diffIds } of records.flatMap(imagesOfBox))
    for (const path of pathsOf(manifestDigest, { blobs: [], diffIds })) needed.add(path);
  const images = [...groups].map(([id, { record, paths }]) => {
    const boxes = records.filter((box) =>
      imagesOfBox(box).some(({ imageId }) => imageId === id),
    ).length;
    if (boxes > 0) for (const path of paths) needed.add(path);
    return {
      id,
      references: database()
        .images.referencesOfId(id)
        .map(({ reference }) => reference),
      createdAt: new Date(record.createdAt),
      bytes: sum(paths),
      sharedBytes: sum([...paths].filter((path) => (users.get(path) ?? 0) > 1)),
      boxes,
    };
  });
  return {
    images,
    imageBytes: sum(sizes.keys()),
    reclaimableImageBytes: sum([...sizes.keys()].filter((path) => !needed.has(path))),
    boxes: records.map((record) => ({
      box: boxInfo(record),
      bytes: bytesOf(home.box(record.id)),
      active: isActive(record.status),
    })),
    volumes: listVolumes({ home, database }).map((volume) => ({
      volume,
      bytes: volumeBytes(home, volume.name),
    })),
    templates: {
      count: (await listTemplates(home)).length,
      active: new Set(records.filter(startedFromTemplate).map(({ templateKey }) => templateKey))
        .size,
      bytes: bytesOf(home.templates()),
    },
  };

  function pathsOf(manifestDigest: string, parts: ImageParts | undefined): string[] {
    const nothing = {
      blobs: new Set<string>(),
      layers: new Set<string>(),
      disks: new Set<string>(),
    };
    return pathsWithout(
      home,
      {
        blobs: new Set([manifestDigest, ...(parts?.blobs ?? [])]),
        layers: new Set(parts?.diffIds),
        disks: new Set([diskName(manifestDigest)]),
      },
      nothing,
    );
  }
}

function startedFromTemplate({ status, templateKey }: BoxRecord): boolean {
  return isActive(status) && templateKey !== null;
}
