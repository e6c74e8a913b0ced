import { posix } from 'node:path';
import { BoxliteError } from '../../errors.js';
import { signalNumber } from '../../host/signals.js';
import { healthcheckOf, type HealthConfig } from './healthcheck.js';
import { type Instruction, parseInstruction, parseInstructions } from './instruction.js';
import { jsonArray } from './json-array.js';
import { exposedPorts } from './ports.js';
import { expandWord, type Variables } from './shell-word.js';
import { splitWords } from './words.js';

/** The `config` object of an image's config, with the specification's keys. */
export interface RunConfig {
  User?: string;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  ExposedPorts?: Record<string, object>;
  Volumes?: Record<string, object>;
  Labels?: Record<string, string>;
  StopSignal?: string;
  /** For commands that are not a JSON array. */
  Shell?: string[];
  Healthcheck?: HealthConfig;
  OnBuild?: string[];
}

/** The context of one instruction. */
interface Job {
  instruction: Instruction;
  config: RunConfig;
  /** The config's environment before the instruction. */
  variables: Variables;
  /** Whether an earlier instruction has set CMD. */
  cmdSet: boolean;
}

/**
 * Applies Dockerfile instructions, one or more per string, as `docker commit --change` and `docker
 * import --change` take them. Expands variables of the config's environment where a Dockerfile
 * does.
 * @throws BoxliteError `invalid-argument` that names the instruction
 */
export function applyChanges(changes: readonly string[], base: RunConfig = {}): RunConfig {
  const config: RunConfig = { ...base };
  const instructions = parseInstructions(changes.join('\n'));
  if (instructions.length === 0 && changes.length > 0)
    throw refusal(changes.join('\n'), 'it holds no instruction');
  let cmdSet = false;
  for (const instruction of instructions) {
    const variables = variablesOf(config);
    try {
      apply({ instruction, config, variables, cmdSet });
    } catch (error) {
      throw refusal(instruction.text, error instanceof Error ? error.message : String(error));
    }
    cmdSet ||= instruction.name === 'CMD';
  }
  return config;
}

function refusal(change: string, rule: string): BoxliteError {
  return new BoxliteError('invalid-argument', `invalid change ${JSON.stringify(change)}: ${rule}`);
}

/** Of several with the same name, the last one counts. */
function variablesOf({ Env = [] }: RunConfig): Variables {
  return new Map(Env.map(splitPair));
}

function apply(job: Job): void {
  const { name, argument, flags } = job.instruction;
  const change = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined;
  if (change === undefined) throw new Error(`not one of ${Object.keys(CHANGES).join(', ')}`);
  const [flag] = flags;
  if (flag !== undefined && name !== 'HEALTHCHECK') throw new Error(`it has no flag ${flag}`);
  if (argument === '') throw new Error('it needs an argument');
  change(job, argument);
}

const CHANGES: Readonly<Record<string, ((job: Job, argument: string) => void) | undefined>> = {
  CMD: ({ config }, argument) => {
    config.Cmd = commandOf(argument, config);
  },
  ENTRYPOINT: ({ config, cmdSet }, argument) => {
    const command = commandOf(argument, config);
    if (command.length > 0) config.Entrypoint = command;
    else delete config.Entrypoint;
    // The command was meant for another entry point.
    if (!cmdSet) delete config.Cmd;
  },
  ENV: (job, argument) => {
    // If a variable occurs twice, the first is replaced and the later one stays.
    const env = [...(job.config.Env ?? [])];
    for (const [name, value] of pairsOf(job, argument)) {
      const at = env.findIndex((entry) => splitPair(entry)[0] === name);
      env.splice(at === -1 ? env.length : at, 1, `${name}=${value}`);
    }
    job.config.Env = env;
  },
  EXPOSE: ({ config, variables, instruction: { escape } }, argument) => {
    const ports = exposedPorts(argument, variables, escape).map((port) => [port, {}] as const);
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports) };
  },
  HEALTHCHECK: ({ config, instruction }) => {
    config.Healthcheck = healthcheckOf(instruction);
  },
  LABEL: (job, argument) => {
    job.config.Labels = { ...job.config.Labels, ...Object.fromEntries(pairsOf(job, argument)) };
  },
  ONBUILD: ({ config, instruction }, argument) => {
    const trigger = parseInstruction(argument, instruction.escape);
    if (!TRIGGERS.includes(trigger.name))
      throw new Error(
        `${trigger.name} can't be a trigger; it is not one of ${TRIGGERS.join(', ')}`,
      );
    config.OnBuild = [...(config.OnBuild ?? []), argument];
  },
  STOPSIGNAL: (job, argument) => {
    const signal = expanded(job, argument);
    signalNumber(signal);
    job.config.StopSignal = signal;
  },
  USER: (job, argument) => {
    job.config.User = expanded(job, argument);
  },
  VOLUME: (job, argument) => {
    for (const word of jsonArray(argument) ?? argument.split(/\s+/)) {
      const path = expanded(job, word.trim());
      if (path === '') throw new Error('a path is empty');
      job.config.Volumes = { ...job.config.Volumes, [path]: {} };
    }
  },
  WORKDIR: (job, argument) => {
    const directory = expanded(job, argument);
    if (directory === '') throw new Error('the directory is empty');
    job.config.WorkingDir = posix.resolve('/', job.config.WorkingDir ?? '/', directory);
  },
};

/** What ONBUILD may defer to the next build. */
const TRIGGERS: readonly string[] = [
  ...['ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'HEALTHCHECK', 'LABEL', 'RUN'],
  ...['SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
];

const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** The exec form is a JSON array of strings; anything else is a line that the shell expands. */
function commandOf(argument: string, { Shell: shell }: RunConfig): string[] {
  return jsonArray(argument) ?? [...(shell?.length ? shell : DEFAULT_SHELL), argument];
}

/** `K=V K2="v 2"`, or the old form `K the rest`. */
function pairsOf(job: Job, argument: string): [string, string][] {
  const { escape } = job.instruction;
  const words = splitWords(argument, escape);
  const [first = ''] = words;
  if (!first.includes('=')) {
    const [, name = '', value = ''] = /^(\S+)\s*([\s\S]*)$/.exec(argument) ?? [];
    if (value === '') throw new Error(`${name} has no value`);
    return [named(job, name, value)];
  }
  return words.map((word) => {
    if (!word.includes('=')) throw new Error(`${JSON.stringify(word)} is not NAME=VALUE`);
    return named(job, ...splitPair(word));
  });
}

function named(job: Job, written: string, value: string): [string, string] {
  const name = expanded(job, written);
  if (name === '') throw new Error(`${JSON.stringify(`${written}=${value}`)} is not NAME=VALUE`);
  return [name, expanded(job, value)];
}

function expanded({ variables, instruction }: Job, word: string): string {
  return expandWord(word, variables, instruction.escape);
}

function splitPair(word: string): [string, string] {
  const equals = word.indexOf('=');
  return equals === -1 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)];
}
