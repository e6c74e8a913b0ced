import { readFileSync } from 'node:fs';

/** The host's mounts in which one of these paths occurs: others come and go. */
export const mountsOf = (...paths: string[]): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => paths.some((path) => line.includes(path)));
