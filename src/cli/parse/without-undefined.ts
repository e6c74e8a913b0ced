export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out undefined values, as the engine's options require. */
export function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, each]) => each !== undefined),
  ) as Defined<T>;
}
