/**
 * A Go struct as templates see it: fields by Go's names, in the order of their declaration. Docker's
 * `inspect` tries its structs first and the JSON second, so a name that only the JSON has also works.
 */
export class GoStruct {
  /**
   * @param fields by Go's names
   * @param json the value that `json` prints
   */
  constructor(
    readonly fields: Readonly<Record<string, unknown>>,
    readonly json: Readonly<Record<string, unknown>>,
  ) {}

  has(name: string): boolean {
    return Object.hasOwn(this.fields, name) || Object.hasOwn(this.json, name);
  }

  get(name: string): unknown {
    return Object.hasOwn(this.fields, name) ? this.fields[name] : this.json[name];
  }

  toJSON(): unknown {
    return this.json;
  }
}

/** A value that Go prints differently from its JSON: a duration, a time, a platform. */
export class GoScalar {
  /** @param value used in comparisons, and printed by `json` */
  constructor(
    readonly text: string,
    readonly value: unknown,
  ) {}

  toJSON(): unknown {
    return this.value;
  }
}
