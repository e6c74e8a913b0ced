import type { BoxliteError, Remedy, RemedyAction } from '../../errors.js';

/** The command that does what an error advises; BOX and REGISTRY stand for what the remedy names. */
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
  'list-boxes': 'ps -a',
  pull: 'pull',
  load: 'load',
  import: 'import',
  login: 'login REGISTRY',
  setup: 'setup',
  'name-kernel': 'setup --kernel /path/vmlinuz --modules /path/lib/modules/VERSION',
  doctor: 'doctor',
  'less-memory': 'config set memory 256m',
};

/** What to do, as an error or a finding has it, with the command that does it. */
export function advice(hint: string | undefined, remedy: Remedy | undefined): string | undefined {
  if (remedy === undefined) return hint;
  const command = COMMANDS[remedy.action].replace(
    /BOX|REGISTRY/,
    (word) => (word === 'BOX' ? remedy.box : remedy.registry) ?? word,
  );
  return `${hint === undefined ? 'run' : `${hint} with`} \`boxlite ${command}\``;
}

/** `message: what to do`, for a list of what is wrong. */
export function withAdvice({ message, hint, remedy }: BoxliteError): string {
  const cure = advice(hint, remedy);
  return cure === undefined ? message : `${message}: ${cure}`;
}
