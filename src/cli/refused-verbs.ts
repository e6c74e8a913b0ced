/** Docker's verbs that BoxLite lacks, and what does the same. */
export const REFUSED_VERBS: Readonly<Record<string, string>> = {
  build:
    'build with another program (docker, buildah), then load its archive: boxlite load -i FILE',
  buildx:
    'build with another program (docker, buildah), then load its archive: boxlite load -i FILE',
  compose: 'start each box by boxlite run',
  network: 'boxes have a network by themselves, or none: run --network none',
  push: 'write an archive (boxlite save -o FILE IMAGE) and push that by another program (skopeo, crane)',
  search: 'search on the website of the registry, then boxlite pull',
  swarm: 'boxes are of one machine',
  volume: 'mount a directory of the host: run -v /path/on/host:/path/in/box',
};
