export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** What was not given is left out, as the engine's options want it. */
export function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, each]) => each !== undefined),
  ) as Defined<T>;
}
