import type { Position } from './position.js';

/** The parsed template. */
export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'print'; pipe: Pipe }
  | Block
  | { kind: 'break' | 'continue' };

export interface Block {
  kind: 'if' | 'with' | 'range';
  pipe: Pipe;
  body: Node[];
  otherwise: Node[];
}

/** A chain of commands; each receives the value of the one before it as its last argument. */
export interface Pipe {
  /** `$x :=`, `$x =`, or two for `range $i, $x :=`. */
  variables: string[];
  declares: boolean;
  commands: Command[];
}

/** An operand, or a function (or a field that is one) with its arguments. */
export interface Command {
  head: Operand;
  args: Operand[];
}

export type Operand = { at: Position; text: string } & (
  | { kind: 'literal'; value: string | number | boolean | null }
  | { kind: 'function'; name: string }
  /** Fields, from the dot, a variable or a pipe in parentheses. */
  | { kind: 'fields'; from: 'dot' | { variable: string } | { pipe: Pipe }; path: string[] }
);
