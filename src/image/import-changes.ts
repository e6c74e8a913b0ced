import { posix } from 'node:path';

import { BoxliteError } from '../errors.js';

/** The `config` of an image's config, with the specification's own keys. */
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
}

/**
 * Applies Dockerfile instructions, one a string, as `docker import --change` takes them: CMD,
 * ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR.
 * @throws BoxliteError `invalid-argument` that names the instruction
 */
export function applyChanges(changes: readonly string[], base: RunConfig = {}): RunConfig {
  const config: RunConfig = { ...base };
  for (const change of changes) {
    const [, name = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(change) ?? [];
    const refuse = (rule: string): never => {
      throw new BoxliteError(
        'invalid-argument',
        `invalid change ${JSON.stringify(change)}: ${rule}`,
      );
    };
    const instruction = INSTRUCTIONS[name.toUpperCase()];
    if (instruction === undefined)
      return refuse(`not one of ${Object.keys(INSTRUCTIONS).join(', ')}`);
    const argument = rest.trim();
    if (argument === '') refuse('it needs an argument');
    instruction(config, argument, refuse);
  }
  return config;
}

type Refuse = (rule: string) => never;

const INSTRUCTIONS: Record<
  string,
  ((config: RunConfig, argument: string, refuse: Refuse) => void) | undefined
> = {
  CMD: (config, argument) => {
    config.Cmd = commandOf(argument);
  },
  ENTRYPOINT: (config, argument) => {
    config.Entrypoint = commandOf(argument);
  },
  ENV: (config, argument, refuse) => {
    const env = new Map((config.Env ?? []).map((entry) => splitPair(entry)));
    for (const [name, value] of pairsOf(argument, refuse)) env.set(name, value);
    config.Env = [...env].map(([name, value]) => `${name}=${value}`);
  },
  EXPOSE: (config, argument, refuse) => {
    for (const word of words(argument, refuse)) {
      const match = /^([0-9]{1,5}(?:-[0-9]{1,5})?)(?:\/(tcp|udp|sctp))?$/i.exec(word);
      const [, ports = '', protocol = 'tcp'] = match ?? [];
      const valid = match !== null && ports.split('-').every((port) => Number(port) <= 65535);
      if (!valid) refuse(`${JSON.stringify(word)} is not PORT[/tcp|udp|sctp]`);
      config.ExposedPorts = { ...config.ExposedPorts, [`${ports}/${protocol.toLowerCase()}`]: {} };
    }
  },
  LABEL: (config, argument, refuse) => {
    const labels = Object.fromEntries(pairsOf(argument, refuse));
    config.Labels = { ...config.Labels, ...labels };
  },
  STOPSIGNAL: (config, argument, refuse) => {
    if (!/^([0-9]+|[A-Za-z][A-Za-z0-9+-]*)$/.test(argument)) refuse('not a signal');
    config.StopSignal = argument;
  },
  USER: (config, argument) => {
    config.User = argument;
  },
  VOLUME: (config, argument, refuse) => {
    for (const path of jsonArray(argument) ?? words(argument, refuse))
      config.Volumes = { ...config.Volumes, [path]: {} };
  },
  WORKDIR: (config, argument) => {
    config.WorkingDir = posix.resolve('/', config.WorkingDir ?? '/', argument);
  },
};

/** The exec form is a JSON array of strings; anything else is a line for the shell. */
function commandOf(argument: string): string[] {
  return jsonArray(argument) ?? ['/bin/sh', '-c', argument];
}

function jsonArray(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const strings = Array.isArray(value) && value.every((item) => typeof item === 'string');
    return strings ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `K=V K2="v 2"`, or the old form `K the rest`. */
function pairsOf(argument: string, refuse: Refuse): [string, string][] {
  const [first = ''] = argument.split(/\s/, 1);
  if (!first.includes('=')) {
    const value = argument.slice(first.length).trim();
    return value === '' ? refuse(`${first} has no value`) : [[first, value]];
  }
  return words(argument, refuse).map((word) => {
    const pair = splitPair(word);
    return !word.includes('=') || pair[0] === ''
      ? refuse(`${JSON.stringify(word)} is not NAME=VALUE`)
      : pair;
  });
}

function splitPair(word: string): [string, string] {
  const equals = word.indexOf('=');
  return [word.slice(0, equals), word.slice(equals + 1)];
}

/** Words as a Dockerfile has them: quotes group, a backslash takes the next character as it is. */
function words(argument: string, refuse: Refuse): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < argument.length; index++) {
    const character = argument.charAt(index);
    if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === '\\' && quote !== "'" && index + 1 < argument.length) {
      index += 1;
      word = (word ?? '') + argument.charAt(index);
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') refuse(`a ${quote} is not closed`);
  if (word !== undefined) found.push(word);
  return found;
}
