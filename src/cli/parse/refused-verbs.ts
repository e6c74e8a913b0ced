/** Docker's verbs that BoxLite lacks, and their alternatives. */
const ELSEWHERE =
  'build with another program (docker, buildah), then load its archive: boxlite load -i FILE';
const PUSH =
  'write an archive (boxlite save -o FILE IMAGE) and push that by another program (skopeo, crane)';
const ONE_MACHINE = 'boxes are of one machine, not of a cluster';
const CHECKPOINT = "the memory of a box can't be kept: boxlite commit keeps its files";

const REFUSED: Readonly<Record<string, string>> = {
  build: ELSEWHERE,
  builder: ELSEWHERE,
  buildx: ELSEWHERE,
  bake: ELSEWHERE,
  'image build': ELSEWHERE,
  'builder build': ELSEWHERE,
  checkpoint: CHECKPOINT,
  'container checkpoint': CHECKPOINT,
  compose: 'start each box by boxlite run',
  'config create': `${ONE_MACHINE}: give a box a file by run -v`,
  'config inspect': `${ONE_MACHINE}: boxlite config alone shows BoxLite's own settings`,
  'config ls': `${ONE_MACHINE}: boxlite config alone shows BoxLite's own settings`,
  'config rm': `${ONE_MACHINE}: a setting of BoxLite's is taken out by boxlite config unset`,
  context: 'there is one context: boxes are of this machine, without a daemon',
  manifest:
    'indexes are made by other programs (docker, crane); boxlite pull takes one platform of them',
  node: ONE_MACHINE,
  plugin: 'there are no plugins: volumes and networks need no driver',
  push: PUSH,
  'image push': PUSH,
  scout: 'another program (trivy, grype) looks into an archive: boxlite save -o FILE IMAGE',
  search: 'search on the website of the registry, then boxlite pull',
  secret: `${ONE_MACHINE}: give a box a file by run -v`,
  service: `${ONE_MACHINE}: run --restart always keeps a box going`,
  stack: `${ONE_MACHINE}: start each box by boxlite run`,
  swarm: ONE_MACHINE,
  'system dial-stdio': 'there is no daemon to connect to: boxes are of this machine',
  trust: 'signatures are checked by another program (cosign); boxlite pull checks digests',
  'volume update': `${ONE_MACHINE}: a volume stays as it was created`,
};

/** Returns the alternative to the verb that the words begin with, if BoxLite lacks it. */
export function insteadOf(words: readonly string[]): { verb: string; instead: string } | undefined {
  const [verb = '', second] = words;
  for (const name of [`${verb} ${second ?? ''}`, verb]) {
    const instead = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
    if (instead !== undefined) return { verb: name, instead };
  }
  return undefined;
}
