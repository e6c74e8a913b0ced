/**
 * The indexes with which kmod's modprobe finds modules: `modules.dep.bin` and the like, which depmod writes
 * on a machine where a kernel is installed. Format: kmod's libkmod/libkmod-index.c. A trie of ASCII names;
 * numbers are big-endian. A node has its part of the name, if any (flag PREFIX), its children's range of
 * characters and offsets (CHILDREN), and its values (VALUES), each a priority and a text. The offset that
 * points to a node contains its flags.
 */

const MAGIC = 0xb007f457;
const VERSION = 0x00020001;
const PREFIX = 0x80000000;
const VALUES = 0x40000000;
const CHILDREN = 0x20000000;

export interface IndexEntry {
  key: string;
  value: string;
}

/**
 * Entries with the same key keep their order. Keys that are not ASCII are omitted: kmod does not support
 * them.
 */
export function moduleIndex(entries: readonly IndexEntry[]): Buffer {
  const root = new Node();
  entries.forEach(({ key, value }, priority) => {
    if (isAscii(key)) root.add(key, { priority, value });
  });
  const parts: Buffer[] = [numbers(MAGIC, VERSION, 0)];
  const place = new Writer(parts).write(root);
  parts[0] = numbers(MAGIC, VERSION, place);
  return Buffer.concat(parts);
}

interface Value {
  priority: number;
  value: string;
}

/** One character per node: kmod also reads indexes that are less compact than depmod's. */
class Node {
  readonly children = new Map<number, Node>();
  readonly values: Value[] = [];

  add(key: string, value: Value): void {
    if (key === '') {
      this.values.push(value);
      return;
    }
    const code = key.charCodeAt(0);
    let child = this.children.get(code);
    if (child === undefined) {
      child = new Node();
      this.children.set(code, child);
    }
    child.add(key.slice(1), value);
  }
}

class Writer {
  #at = 12; // behind the header

  constructor(private readonly parts: Buffer[]) {}

  /** @returns the node's offset, with its flags */
  write(node: Node): number {
    let only: Node = node;
    let prefix = '';
    while (only.values.length === 0 && only.children.size === 1)
      for (const [code, child] of only.children) {
        prefix += String.fromCharCode(code);
        only = child;
      }
    const codes = [...only.children.keys()];
    const first = Math.min(...codes);
    const last = Math.max(...codes);
    const offsets: number[] = [];
    for (let code = first; code <= last; code++) {
      const child = only.children.get(code);
      offsets.push(child === undefined ? 0 : this.write(child));
    }
    let place = this.#at;
    if (prefix !== '') {
      place += PREFIX;
      this.#put(Buffer.from(`${prefix}\0`));
    }
    if (codes.length > 0) {
      place += CHILDREN;
      this.#put(Buffer.from([first, last]), numbers(...offsets));
    }
    if (only.values.length > 0) {
      place += VALUES;
      this.#put(numbers(only.values.length));
      for (const { priority, value } of only.values)
        this.#put(numbers(priority), Buffer.from(`${value}\0`));
    }
    return place;
  }

  #put(...parts: Buffer[]): void {
    for (const part of parts) {
      this.parts.push(part);
      this.#at += part.length;
    }
  }
}

function numbers(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => buffer.writeUInt32BE(value, i * 4));
  return buffer;
}

function isAscii(text: string): boolean {
  return /^[\x01-\x7e]*$/.test(text);
}
