/** A variable of ours; one that is set to nothing counts as not set. */
export function environmentVariable(name: `BOXLITE_${string}`): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}
