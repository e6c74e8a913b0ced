/** Reads one of our variables; an empty one counts as unset. */
export function environmentVariable(name: `BOXLITE_${string}`): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}
