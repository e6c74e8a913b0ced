import { BoxliteError } from '../../errors.js';

/** A `--format` template that can't be parsed or evaluated: exit status 64. */
export class TemplateError extends BoxliteError {
  constructor(reason: string) {
    super('invalid-argument', `template parsing error: ${reason}`, {
      hint: "write fields as '{{.Name}}', or see all of them with '{{json .}}'",
    });
  }
}
