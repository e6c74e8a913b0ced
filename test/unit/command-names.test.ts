import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** What the library is made of; the command line is one of its users. */
const LIBRARY = ['agent', 'engine', 'host', 'image', 'logs', 'store', 'vmm'];

const COMMAND = /\bboxlite [a-z.]/;

test('no text of the library names a command of the command line', () => {
  const named = LIBRARY.flatMap((folder) =>
    readdirSync(join('src', folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => commandsIn(join('src', folder, path))),
  );
  expect(named).toEqual([]);
});

/** `src/x.ts: text` for each string of a module that names one; comments are no strings. */
function commandsIn(path: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isText =
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node);
    if (isText && COMMAND.test(node.text)) found.push(`${path}: ${node.text}`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest));
  return found;
}
