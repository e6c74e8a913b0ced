import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';

/** How often each branch has run, by its number; the instrumented program counts here. */
const COUNTERS = 'boxliteFuzzCounters';

export interface Instrumented<T> {
  module: T;
  /** One for each branch; whoever looks at them sets them back to 0. */
  counters: Uint8Array;
}

/** A module with all that it imports, which counts the branches that it takes. */
export async function instrumented<T>(entry: string): Promise<Instrumented<T>> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node20.5',
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  const { text, branches } = countBranches(outputFiles[0]?.text ?? '');
  const counters = new Uint8Array(branches);
  (globalThis as Record<string, unknown>)[COUNTERS] = counters;
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-fuzz-'));
  try {
    const path = join(directory, 'instrumented.mjs');
    await writeFile(path, text);
    return { module: (await import(pathToFileURL(path).href)) as T, counters };
  } finally {
    await rm(directory, { recursive: true });
  }
}

function countBranches(program: string): { text: string; branches: number } {
  let branches = 0;
  const { factory } = ts;
  const count = (): ts.Expression =>
    factory.createPostfixIncrement(
      factory.createElementAccessExpression(factory.createIdentifier(COUNTERS), branches++),
    );
  const counted = (statements: readonly ts.Statement[]): ts.Statement[] => [
    factory.createExpressionStatement(count()),
    ...statements,
  ];
  const block = (statement: ts.Statement): ts.Statement =>
    ts.isBlock(statement) ? statement : factory.createBlock(counted([statement]));
  const branch = (expression: ts.Expression): ts.Expression =>
    factory.createParenthesizedExpression(factory.createComma(count(), expression));

  const transformer: ts.TransformerFactory<ts.SourceFile> = (context) => {
    const visit = (original: ts.Node): ts.Node => {
      const node = ts.visitEachChild(original, visit, context);
      if (ts.isBlock(node)) return factory.updateBlock(node, counted(node.statements));
      if (ts.isIfStatement(node)) {
        const otherwise = node.elseStatement && block(node.elseStatement);
        return factory.updateIfStatement(
          node,
          node.expression,
          block(node.thenStatement),
          otherwise,
        );
      }
      if (ts.isCaseClause(node))
        return factory.updateCaseClause(node, node.expression, counted(node.statements));
      if (ts.isConditionalExpression(node))
        return factory.updateConditionalExpression(
          ...([node, node.condition, node.questionToken, branch(node.whenTrue)] as const),
          ...([node.colonToken, branch(node.whenFalse)] as const),
        );
      if (ts.isBinaryExpression(node) && SHORT_CIRCUIT.has(node.operatorToken.kind))
        return factory.updateBinaryExpression(
          ...([node, node.left, node.operatorToken, branch(node.right)] as const),
        );
      return node;
    };
    return (file) => ts.visitEachChild(file, visit, context);
  };
  const file = ts.createSourceFile('program.mjs', program, ts.ScriptTarget.ES2023, true);
  const { transformed } = ts.transform(file, [transformer]);
  return { text: transformed.map((each) => ts.createPrinter().printFile(each)).join(), branches };
}

const SHORT_CIRCUIT: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);
