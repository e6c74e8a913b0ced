/** What a VMM's lock must leave it, by what kind of machine it runs: native/preload/lock.c. */
export const CALLS = {
  KVM: 1,
  /** It exports shares. */
  SHARES: 2,
  /** Its state is to be saved. */
  SAVING: 4,
} as const;
