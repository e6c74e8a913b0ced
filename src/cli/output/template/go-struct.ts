/**
 * A Go struct, as templates see one: fields by Go's names, in the order of their declaration. Docker's `inspect`
 * tries its structs, and then what the JSON says; so a name that only the JSON has is found as well.
 */
export class GoStruct {
  /**
   * @param fields by Go's names
   * @param json what `json` prints of it
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

/** A value that Go prints in another way than its JSON has it: a duration, a time, a platform. */
export class GoScalar {
  /** @param value what it is compared as, and what `json` prints of it */
  constructor(
    readonly text: string,
    readonly value: unknown,
  ) {}

  toJSON(): unknown {
    return this.value;
  }
}
