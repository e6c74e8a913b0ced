import type { ImageDetails } from '../../engine/images.js';

/** An image under Docker's keys, as `inspect` prints it. */
export function imageInspection(image: ImageDetails): object {
  const { config } = image;
  const [os = config.os, architecture = config.architecture, variant] = image.platform.split('/');
  return {
    Id: image.id,
    RepoTags: image.references.filter((reference) => !reference.includes('@')),
    RepoDigests: image.reference === undefined ? [] : [`${image.repository}@${image.digest}`],
    Created: image.createdAt.toISOString(),
    Author: config.author ?? '',
    Architecture: architecture,
    ...(variant !== undefined && { Variant: variant }),
    Os: os,
    Size: image.sizeBytes,
    Config: {
      User: config.user,
      ExposedPorts: keysOnly(config.exposedPorts),
      Env: config.env,
      Cmd: config.cmd,
      Entrypoint: config.entrypoint,
      Volumes: keysOnly(config.volumes),
      WorkingDir: config.workingDir,
      Labels: config.labels,
      StopSignal: config.stopSignal ?? '',
    },
    RootFS: { Type: 'layers', Layers: image.layers },
  };
}

function keysOnly(names: readonly string[]): Record<string, object> | null {
  return names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, {}]));
}
