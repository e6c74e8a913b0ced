import { withoutActing } from '../../terminal-text.js';
import { evaluate } from './template/evaluate.js';
import { lex } from './template/lex.js';
import { parse } from './template/parse.js';

/** A parsed template, which can be rendered any number of times. */
export interface Template {
  render: (data: unknown) => string;
  /** Renders the header of a table from the columns' names. */
  renderHeader: (names: unknown) => string;
}

/**
 * Parses a template in the syntax of Go's text/template, as far as people use it in `--format`: fields,
 * pipes, literals, variables, `if else range with end`, `{{- -}}`, Go's and Docker's functions.
 *
 * Data are plain values and `GoStruct`s. A field that an object lacks is an error; in an inner map (such as
 * labels) it is `<no value>`.
 * @param onScreen the output is for a person: values may be other people's text, such as an image's labels,
 *   and must not control the terminal; a script gets them byte for byte
 * @throws TemplateError from here when the text is malformed, from `render` when the data do not fit
 */
export function compileTemplate(source: string, onScreen = false): Template {
  const nodes = parse(lex(source));
  const show = onScreen ? withoutControls : undefined;
  return {
    render: (data) => evaluate(nodes, data, show && { show }),
    renderHeader: (names) => evaluate(nodes, names, { asHeader: true }),
  };
}

/** Parses and renders once. @throws TemplateError */
export function renderTemplate(source: string, data: unknown, onScreen = false): string {
  return compileTemplate(source, onScreen).render(data);
}

const withoutControls = (text: string): string =>
  withoutActing(text, (c) => (c === '\t' || c === '\n' ? c : '\uFFFD'));
