import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** What each folder may import besides itself, node's own modules and packages. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  cli: ['engine', 'host/host-path', 'errors', 'go-duration', 'terminal-text'],
  engine: [
    ...['image', 'store', 'vmm', 'agent', 'logs', 'host'],
    ...['abort', 'errors', 'go-duration', 'terminal-text'],
  ],
  image: ['host', 'abort', 'errors', 'go-duration'],
  store: ['host', 'errors'],
  vmm: ['host', 'abort', 'errors'],
  agent: ['host', 'deferred', 'errors', 'terminal-text'],
  logs: ['host', 'deferred', 'errors', 'terminal-text'],
  build: ['agent'],
  host: ['abort', 'errors'],
  // The modules beside the folders, each its own row.
  index: ['engine', 'errors'],
  abort: ['errors'],
  deferred: [],
  errors: [],
  'go-duration': [],
  'terminal-text': [],
};

/** What only its own folder imports: the engine runs machines by `vmm/driver`, whatever VMM is behind it. */
const PRIVATE: readonly string[] = ['vmm/qemu'];

/** The rooms of a folder, or single modules, the lowest first: none imports a higher one. What stands beside them may import all. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  engine: [
    ...['spec', 'machine', 'state', 'networks', 'volumes', 'images', 'files', 'report'],
    ...['lifecycle', 'exec', 'setup'],
  ],
  image: [
    ...['oci', 'tar', 'layer', 'erofs', 'store', 'disk', 'registry', 'credentials'],
    ...['dockerfile', 'transfer'],
  ],
  vmm: ['driver', 'kernel', 'guest', 'assets', 'accelerator', 'template', 'qemu'],
};

/** The one module that may end the process. */
const MAIN = 'cli/main.ts';

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join('src', path), 'utf8') }));

test('every module of src is looked at', () => {
  expect(new Set(sources.map(({ path }) => unitOf(path)))).toEqual(new Set(Object.keys(FOLDERS)));
});

test('each folder imports only what stands below it, and only main ends the process', () => {
  expect(sources.flatMap(({ path, text }) => faults(path, text))).toEqual([]);
});

test('none makes directories by way of the recursive mkdir, which may never end', () => {
  const callers = sources.filter(({ text }) => /\bmkdir(Sync)?\([^;]*recursive/.test(text));
  expect(callers.map(({ path }) => path)).toEqual([]);
});

describe('a module that breaks a rule is found out', () => {
  test.each([
    ['vmm/a.ts', `import { x } from '../image/x.js';`, 'imports image/x'],
    ['image/registry/a.ts', `import type { X } from '../../store/x.js';`, 'imports store/x'],
    ['store/a.ts', `export * from '../agent/x.js';`, 'imports agent/x'],
    ['agent/a.ts', `const x = await import('../vmm/x.js');`, 'imports vmm/x'],
    ['agent/a.ts', `type X = import('../engine/x.js').X;`, 'imports engine/x'],
    ['engine/a.ts', `import '../cli/main.js';`, 'imports cli/main'],
    ['engine/a.ts', `import { x } from '../vmm/qemu/x.js';`, 'imports vmm/qemu/x'],
    ['engine/a.ts', `await import('../vmm/qemu/x.js');`, 'imports vmm/qemu/x'],
    ['engine/spec/a.ts', `import { x } from '../machine/x.js';`, 'imports engine/machine/x'],
    ['engine/setup/a.ts', `import { x } from '../box.js';`, 'imports engine/box'],
    ['vmm/kernel/a.ts', `import { x } from '../assets/x.js';`, 'imports vmm/assets/x'],
    ['vmm/driver.ts', `import { x } from './qemu/x.js';`, 'imports vmm/qemu/x'],
    ['vmm/template/a.ts', `import { x } from '../vmm.js';`, 'imports vmm/vmm'],
    ['image/tar/a.ts', `import type { X } from '../layer/x.js';`, 'imports image/layer/x'],
    ['cli/commands/a.ts', `import { Home } from '../../host/home.js';`, 'imports host/home'],
    ['cli/a.ts', `import { x } from '../store/status.js';`, 'imports store/status'],
    ['cli/a.ts', `import { x } from '../engine/../store/status.js';`, 'imports store/status'],
    ['cli/a.ts', `import { x } from '../index.js';`, 'imports index'],
    ['index.ts', `export { x } from './store/boxes.js';`, 'imports store/boxes'],
    ['errors.ts', `import { Home } from './host/home.js';`, 'imports host/home'],
    ['vmm/a.ts', `import { x } from '../../test/x.js';`, 'imports ../test/x'],
    ['vmm/a.ts', `import { x } from '/etc/x.js';`, 'imports /etc/x.js by an absolute path'],
    ['vmm/a.ts', `require('../image/x.js');`, 'imports image/x'],
    ['vmm/a.ts', 'await import(name);', 'imports what is only known when it runs'],
    ['engine/a.ts', `if (bad) process.exit(1);`, 'ends the process'],
    ['engine/a.ts', `process?.['exit'](1);`, 'ends the process'],
    ['cli/commands/main.ts', `process.exit(1);`, 'ends the process'],
    ['engine/a.ts', `import { exit } from 'node:process';`, 'ends the process'],
    ['engine/a.ts', `const { exit } = process;`, 'ends the process'],
    ['vmm/a.ts', `process.reallyExit(1);`, 'ends the process'],
    ['engine/a.ts', `database.run('pragma synchronous = OFF');`, 'sets a PRAGMA'],
    ['engine/a.ts', `database.run(\`PRAGMA x = \${y}\`);`, 'sets a PRAGMA'],
    ['image/a.ts', `connection.pragma('x');`, 'sets a PRAGMA'],
  ])('%s: %s', (path, text, fault) => {
    expect(faults(path, text)).toEqual([`${path} ${fault}`]);
  });
});

test.each([
  ['store/a.ts', `connection.pragma('x'); import { x } from '../errors.js';`],
  ['cli/main.ts', `process.exit(await x());`],
  ['engine/a.ts', `process.exitCode = 1; // process.exit(1), PRAGMA, import '../cli/x.js'`],
  ['engine/a.ts', `import { x } from '../agent/x.js'; await import('../image/x.js');`],
  ['vmm/qemu/a.ts', `import { x } from '../driver.js'; import { y } from 'ulid';`],
  ['index.ts', `export { BoxStatus } from './engine/state/box-status.js';`],
])('%s may hold %s', (path, text) => {
  expect(faults(path, text)).toEqual([]);
});

/** @param path of the module, relative to src */
function faults(path: string, text: string): string[] {
  if (!needsTree(text))
    return ts.preProcessFile(text).importedFiles.flatMap(({ fileName }) => {
      const fault = nameFault(path, fileName);
      return fault === undefined ? [] : [`${path} ${fault}`];
    });
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const fault =
      importFault(path, node) ??
      (path !== MAIN && endsProcess(node) ? 'ends the process' : undefined) ??
      (unitOf(path) !== 'store' && setsPragma(node) ? 'sets a PRAGMA' : undefined);
    // What holds a fault is not searched for the same one again.
    if (fault !== undefined) found.push(`${path} ${fault}`);
    else ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return found;
}

/**
 * To parse all sources takes seconds, on a busy machine a minute; TypeScript finds imports by a literal name
 * without. What else is a fault looks like one of these.
 */
function needsTree(text: string): boolean {
  return (
    /\bimport\s*\(\s*[^'"\s]|\brequire\s*\(|pragma/i.test(text) ||
    /\bprocess\s*\??\.?\s*[[.]?\s*['"`]?(exit|reallyExit|abort)\b/.test(text) ||
    /\}\s*=\s*process\b|['"](node:)?process['"]/.test(text)
  );
}

function importFault(path: string, node: ts.Node): string | undefined {
  const specifier = specifierOf(node);
  if (specifier === undefined) return undefined;
  if (!ts.isStringLiteralLike(specifier)) return 'imports what is only known when it runs';
  return nameFault(path, specifier.text);
}

/** @param name what the module at `path` imports */
function nameFault(path: string, name: string): string | undefined {
  if (name.startsWith('/')) return `imports ${name} by an absolute path`;
  if (!name.startsWith('.')) return undefined;
  const target = relative('/src', join('/src', dirname(path), name)).replace(/\.js$/, '');
  const allowed = [unitOf(path), ...(FOLDERS[unitOf(path)] ?? [])];
  const isIn = (unit: string): boolean => target === unit || target.startsWith(`${unit}/`);
  return allowed.some(isIn) &&
    (unitOf(target) === unitOf(path) || !PRIVATE.some(isIn)) &&
    (unitOf(target) !== unitOf(path) || floorOf(target) <= floorOf(path))
    ? undefined
    : `imports ${target}`;
}

/** How high a module stands among the rooms of its folder; 0 where there are none. */
function floorOf(path: string): number {
  const [folder = '', room = ''] = path.split('/');
  const rooms = ROOMS[folder];
  if (rooms === undefined) return 0;
  const floor = rooms.indexOf(room.replace(/\.ts$/, ''));
  return floor === -1 ? rooms.length : floor;
}

/** What an import or re-export of any kind names. */
function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  if (!ts.isCallExpression(node)) return undefined;
  const { expression } = node;
  const imports =
    expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(expression) && expression.text === 'require');
  return imports ? node.arguments[0] : undefined;
}

function endsProcess(node: ts.Node): boolean {
  const ends = (name: string): boolean => ['exit', 'reallyExit', 'abort'].includes(name);
  if (ts.isPropertyAccessExpression(node))
    return isProcess(node.expression) && ends(node.name.text);
  if (ts.isElementAccessExpression(node))
    return (
      isProcess(node.expression) &&
      ts.isStringLiteralLike(node.argumentExpression) &&
      ends(node.argumentExpression.text)
    );
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name))
    return (
      node.initializer !== undefined &&
      isProcess(node.initializer) &&
      node.name.elements.some(({ propertyName, name }) => ends(textOf(propertyName ?? name)))
    );
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteralLike(node.moduleSpecifier)) return false;
  const bindings = node.importClause?.namedBindings;
  return (
    /^(node:)?process$/.test(node.moduleSpecifier.text) &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.some(({ propertyName, name }) => ends(textOf(propertyName ?? name)))
  );
}

const isProcess = (node: ts.Node): boolean => ts.isIdentifier(node) && node.text === 'process';

const textOf = (name: ts.Node): string =>
  ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : '';

/** As SQL, or by the driver's own method. */
function setsPragma(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return node.name.text === 'pragma';
  const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node);
  return isText && /^\s*pragma\s/i.test(node.text);
}

/** `image` for `image/registry/auth/auth.ts`, `home` for `home.ts`. */
function unitOf(path: string): string {
  return path.split('/', 1)[0]?.replace(/\.ts$/, '') ?? '';
}

test('no modules import each other in a circle', () => {
  const imports = new Map(sources.map(({ path, text }) => [path, valueImports(path, text)]));
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    expect(above, `a circle of imports: ${[...above, path].join(' > ')}`).not.toContain(path);
    if (done.has(path)) return;
    for (const each of imports.get(path) ?? []) visit(each, [...above, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
});

test.each([
  [`import { x } from './x.js';\nimport y, * as z from '../y.js';`, ['a/x.ts', 'y.ts']],
  [`import {\n  type X,\n  y,\n} from './x.js';`, ['a/x.ts']],
  [`import './x.js';\nexport * from './y.js';\nexport { z } from './z.js';`, ['x', 'y', 'z']],
  [`import type { X } from './x.js';\nexport type * from './y.js';`, []],
  [`import { x } from 'x';\nconst y = await import('./y.js');`, []],
  [`export const x = 1;\nexport function y() {}\nconst z = ['./z.js'];`, []],
])('before it begins, %j needs %j', (text, needed) => {
  expect(valueImports('a/a.ts', text)).toEqual(
    needed.map((name) => (name.endsWith('.ts') ? name : `a/${name}.ts`)),
  );
});

/**
 * The modules that one needs before it can begin: neither types nor what it imports while it runs. Prettier begins
 * every such line at the margin, so no tree is needed.
 */
function valueImports(path: string, text: string): string[] {
  const names = text.matchAll(
    /^(?:import|export)\s+(?!type\b)(?:[\w\s{},*]*?from\s+)?'(\.[^']+)';$/gm,
  );
  return [...names].map(([, name = '']) => join(dirname(path), name).replace(/\.js$/, '.ts'));
}
