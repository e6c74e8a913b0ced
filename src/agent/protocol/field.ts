type Scalar = 'u8' | 'u16' | 'u32' | 'u64' | 'bytes';
/** A field is a scalar, or a list (u32 count, then the items' fields). */
export type Field = readonly [name: string, kind: Scalar | readonly Field[]];

/** `raw` payloads are bytes without a length. */
export type MessageTable = Readonly<
  Record<string, { readonly type: number; readonly fields: 'raw' | readonly Field[] }>
>;

export const ITEM: readonly Field[] = [['value', 'bytes']];

export const RLIMIT: readonly Field[] = [
  ['resource', 'u32'], // Linux's RLIMIT_* number
  ['soft', 'u64'],
  ['hard', 'u64'],
];
