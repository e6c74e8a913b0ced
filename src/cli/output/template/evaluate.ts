import { CallError } from './call-error.js';
import { callFunction, isLazy } from './functions.js';
import { GoStruct } from './go-struct.js';
import type { Block, Command, Node, Operand, Pipe } from './nodes.js';
import { executionError } from './position.js';
import {
  formatValue,
  isNil,
  isRecord,
  isTrue,
  isTypedMap,
  keyed,
  NO_VALUE,
  sortedKeys,
  typeName,
} from './values.js';

export interface EvaluateOptions {
  /** Transforms the text of a value; the template's own text is unchanged. */
  readonly show?: (text: string) => string;
  /**
   * The data are the headers of a table's columns: functions return them unchanged, and an operation that
   * fails on them ends the header there (Docker's rules).
   */
  readonly asHeader?: boolean;
}

/** Go counts as far as one asks; more output than this nobody reads, and memory would end first. */
const MOST_ROUNDS = 1_000_000;

/** @throws TemplateError for data that do not fit the template */
export function evaluate(
  nodes: readonly Node[],
  data: unknown,
  options: EvaluateOptions = {},
): string {
  return new Evaluation(data, options).run(nodes);
}

interface Variable {
  name: string;
  value: unknown;
}

class Evaluation {
  private readonly output: string[] = [];
  /** The innermost comes last, so that a name resolves to its latest declaration. */
  private readonly variables: Variable[];
  private readonly show: (text: string) => string;
  private readonly asHeader: boolean;
  /** An unknown field is an error in a header too. */
  private unknownField: Error | undefined;

  constructor(
    private readonly root: unknown,
    { show = (text) => text, asHeader = false }: EvaluateOptions,
  ) {
    this.variables = [{ name: '$', value: root }];
    this.show = show;
    this.asHeader = asHeader;
  }

  run(nodes: readonly Node[]): string {
    try {
      this.list(nodes, this.root);
    } catch (error) {
      if (!this.asHeader || error === this.unknownField) throw error;
    }
    return this.output.join('');
  }

  /** @returns the `break` or `continue` that ended the list early */
  private list(nodes: readonly Node[], dot: unknown): 'break' | 'continue' | undefined {
    const mark = this.variables.length;
    for (const node of nodes) {
      const jump = this.node(node, dot);
      if (jump) return jump;
    }
    this.variables.length = mark;
    return undefined;
  }

  private node(node: Node, dot: unknown): 'break' | 'continue' | undefined {
    switch (node.kind) {
      case 'text':
        this.output.push(node.text);
        return undefined;
      case 'print': {
        const value = this.pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0)
          this.output.push(value === null ? '<no value>' : this.show(formatValue(value)));
        return undefined;
      }
      case 'break':
      case 'continue':
        return node.kind;
      default:
        return this.block(node, dot);
    }
  }

  private block(node: Block, dot: unknown): 'break' | 'continue' | undefined {
    const mark = this.variables.length;
    try {
      if (node.kind === 'range') return this.range(node.pipe, node.body, node.otherwise, dot);
      const value = this.pipe(node.pipe, dot);
      const inner = node.kind === 'with' ? value : dot;
      return isTrue(value) ? this.list(node.body, inner) : this.list(node.otherwise, dot);
    } finally {
      this.variables.length = mark;
    }
  }

  private range(
    pipe: Pipe,
    body: Node[],
    otherwise: Node[],
    dot: unknown,
  ): 'break' | 'continue' | undefined {
    const entries = this.entries(pipe, this.commands(pipe, dot));
    if (entries.length === 0) return this.list(otherwise, dot);
    const mark = this.variables.length;
    for (const [key, value] of entries) {
      this.variables.length = mark;
      const [first, second] = pipe.variables;
      if (first !== undefined) this.set(pipe, first, second === undefined ? value : key);
      if (second !== undefined) this.set(pipe, second, value);
      if (this.list(body, value) === 'break') break;
    }
    return undefined;
  }

  private entries(pipe: Pipe, value: unknown): (readonly [unknown, unknown])[] {
    if (isNil(value)) return [];
    if (Array.isArray(value)) return value.map((item: unknown, i) => [i, item]);
    const record = keyed(value);
    if (record !== undefined) return sortedKeys(record).map((key) => [key, record[key]]);
    if (typeof value === 'number' && value > MOST_ROUNDS)
      throw this.fail(pipe.commands[0]?.head, `range over more than ${MOST_ROUNDS}`);
    if (typeof value === 'number' && Number.isInteger(value))
      return Array.from({ length: Math.max(value, 0) }, (_, i) => [i, i]);
    throw this.fail(pipe.commands[0]?.head, `range can't iterate over ${formatValue(value)}`);
  }

  private pipe(pipe: Pipe, dot: unknown): unknown {
    const value = this.commands(pipe, dot);
    for (const name of pipe.variables) this.set(pipe, name, value);
    return value;
  }

  private set(pipe: Pipe, name: string, value: unknown): void {
    const known = pipe.declares ? undefined : this.variables.findLast((v) => v.name === name);
    if (known) known.value = value;
    else this.variables.push({ name, value });
  }

  private commands(pipe: Pipe, dot: unknown): unknown {
    const [first, ...rest] = pipe.commands;
    if (first === undefined) return undefined;
    return rest.reduce(
      (value, command) => this.command(command, dot, [value]),
      this.command(first, dot, []),
    );
  }

  /** @param piped the value of the previous command, if there is one */
  private command({ head, args }: Command, dot: unknown, piped: readonly unknown[]): unknown {
    if (head.kind === 'function') {
      if (isLazy(head.name)) return this.lazy(head, args, dot, piped);
      const values = [...args.map((arg) => this.operand(arg, dot, [])), ...piped];
      return this.guard(head, () => callFunction(head.name, values, this.asHeader));
    }
    const values = [...args.map((arg) => this.operand(arg, dot, [])), ...piped];
    return this.operand(head, dot, values);
  }

  private lazy(
    head: Operand & { kind: 'function' },
    args: readonly Operand[],
    dot: unknown,
    piped: readonly unknown[],
  ): unknown {
    const thunks = [
      ...args.map((arg) => () => this.operand(arg, dot, [])),
      ...piped.map((value) => () => value),
    ];
    if (thunks.length === 0)
      throw this.fail(head, `wrong number of args for ${head.name}: want at least 1 got 0`);
    let value: unknown;
    for (const thunk of thunks) {
      value = thunk();
      if (isTrue(value) === (head.name === 'or')) break;
    }
    return value;
  }

  /** @param args for a field that is a function; any other operand refuses them */
  private operand(operand: Operand, dot: unknown, args: readonly unknown[]): unknown {
    if (operand.kind === 'literal') return operand.value;
    if (operand.kind === 'function') return this.command({ head: operand, args: [] }, dot, []);
    let value = this.origin(operand, dot);
    operand.path.forEach((name, i) => {
      const isLast = i === operand.path.length - 1;
      value = this.field(operand, value, name, isLast ? args : []);
    });
    if (operand.path.length === 0 && args.length > 0)
      throw this.fail(operand, `can't give argument to non-function ${operand.text}`);
    return value;
  }

  private origin({ from }: Operand & { kind: 'fields' }, dot: unknown): unknown {
    if (from === 'dot') return dot;
    if ('pipe' in from) return this.pipe(from.pipe, dot);
    return this.variables.findLast(({ name }) => name === from.variable)?.value;
  }

  private field(operand: Operand, on: unknown, name: string, args: readonly unknown[]): unknown {
    if (on === NO_VALUE) return on;
    if (isNil(on)) throw this.fail(operand, `nil data; no entry for key "${name}"`);
    if (!(on instanceof GoStruct) && !isRecord(on))
      throw this.fail(operand, `can't evaluate field ${name} in type ${typeName(on)}`);
    const isThere = on instanceof GoStruct ? on.has(name) : Object.hasOwn(on, name);
    if (!isThere) return this.missingField(operand, on, name);
    const value = on instanceof GoStruct ? on.get(name) : on[name];
    if (typeof value === 'function')
      return this.guard(operand, () => (value as (...args: unknown[]) => unknown)(...args));
    if (args.length > 0)
      throw this.fail(operand, `${name} has arguments but cannot be invoked as function`);
    return value;
  }

  private missingField(
    operand: Operand,
    on: GoStruct | Record<string, unknown>,
    name: string,
  ): typeof NO_VALUE {
    const isMap = !(on instanceof GoStruct) && on !== this.root;
    if (isMap && isTypedMap(on)) return NO_VALUE;
    const reason =
      on === this.root && !(on instanceof GoStruct)
        ? `can't evaluate field ${name}`
        : `map has no entry for key "${name}"`;
    this.unknownField = this.fail(operand, reason);
    throw this.unknownField;
  }

  private guard<T>(operand: Operand, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof CallError ? this.fail(operand, error.message) : error;
    }
  }

  private fail(operand: Operand | undefined, reason: string): Error {
    if (operand === undefined) return new Error(reason);
    return executionError(operand.at, operand.text, reason);
  }
}
