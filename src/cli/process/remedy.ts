import type { BoxliteError, Remedy, RemedyAction } from '../../errors.js';

/** The command that carries out an error's advice; BOX, REGISTRY and NETWORK stand for the names in the remedy. */
const COMMANDS: Readonly<Record<RemedyAction, string>> = {
  start: 'start BOX',
  stop: 'stop BOX',
  restart: 'restart BOX',
  pause: 'pause BOX',
  unpause: 'unpause BOX',
  remove: 'rm -f BOX',
  commit: 'commit BOX IMAGE',
  exec: 'exec -i BOX COMMAND',
  export: 'export BOX',
  logs: 'logs --console BOX',
  disconnect: 'network disconnect NETWORK BOX',
  'log-network': 'network policy --log on BOX',
  'list-boxes': 'ps -a',
  'list-networks': 'network ls',
  'list-volumes': 'volume ls',
  pull: 'pull',
  load: 'load',
  import: 'import',
  login: 'login REGISTRY',
  setup: 'setup',
  'name-kernel': 'setup --kernel /path/vmlinuz --modules /path/lib/modules/VERSION',
  doctor: 'doctor',
  'less-memory': 'config set memory 256m',
};

/** The advice of an error or a finding, with the command that carries it out. */
export function advice(hint: string | undefined, remedy: Remedy | undefined): string | undefined {
  if (remedy === undefined) return hint;
  const { box, registry, network } = remedy;
  const names: Readonly<Record<string, string | undefined>> = {
    ...{ BOX: box, REGISTRY: registry, NETWORK: network },
  };
  const command = COMMANDS[remedy.action].replace(
    /BOX|REGISTRY|NETWORK/g,
    (word) => names[word] ?? word,
  );
  return `${hint === undefined ? 'run' : `${hint} with`} \`boxlite ${command}\``;
}

/** `message: advice`, for a list of problems. */
export function withAdvice({ message, hint, remedy }: BoxliteError): string {
  const cure = advice(hint, remedy);
  return cure === undefined ? message : `${message}: ${cure}`;
}
