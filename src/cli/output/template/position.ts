import { TemplateError } from '../template-error.js';

/** A position in the template's text, for messages. */
export interface Position {
  source: string;
  offset: number;
}

/** An error in malformed text, in Go's form: `template: :LINE: REASON`. */
export function syntaxError(at: Position, reason: string): TemplateError {
  return new TemplateError(`template: :${lineOf(at).number}: ${reason}`);
}

/** An error in data that do not fit, in Go's form, with the part of the template that used them. */
export function executionError(at: Position, text: string, reason: string): TemplateError {
  const { number, start } = lineOf(at);
  const place = `${number}:${at.offset - start}`;
  return new TemplateError(`template: :${place}: executing "" at <${text}>: ${reason}`);
}

function lineOf({ source, offset }: Position): { number: number; start: number } {
  const before = source.slice(0, offset);
  return { number: before.split('\n').length, start: before.lastIndexOf('\n') + 1 };
}
