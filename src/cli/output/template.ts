import { evaluate } from './template/evaluate.js';
import { lex } from './template/lex.js';
import { parse } from './template/parse.js';

/** A template that has been parsed; `render` may be called any number of times. */
export interface Template {
  render: (data: unknown) => string;
}

/**
 * Parses a template in the syntax of Go's text/template, as far as people use it in `--format`:
 * fields, pipes, literals, variables, `if else range with end`, `{{- -}}`, Go's and docker's functions.
 *
 * Data are plain values. A field that the outermost object lacks is an error, as is one that an inner
 * object lacks, unless all values of that object are strings (labels, say): then it is "".
 * @throws TemplateError from here when the text is malformed, from `render` when data do not fit
 */
export function compileTemplate(source: string): Template {
  const nodes = parse(lex(source));
  return { render: (data) => evaluate(nodes, data) };
}

/** Parses and renders once. @throws TemplateError */
export function renderTemplate(source: string, data: unknown): string {
  return compileTemplate(source).render(data);
}
