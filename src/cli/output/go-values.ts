/**
 * Docker's templates see Go's structs: a list that its JSON shows as null is one without items there, and a
 * pointer that it leaves out is nil. `{{if .State.Health}}` and `{{len .HostConfig.CapAdd}}` rely on it.
 */

/** An empty list whose JSON is null. */
class NilList extends Array<never> {
  toJSON(): null {
    return null;
  }
}

/** The same of a map. */
class NilMap {
  toJSON(): null {
    return null;
  }
}

const LISTS = [
  'ExecIDs',
  'Config.Cmd',
  'Config.Entrypoint',
  'Config.OnBuild',
  'HostConfig.Binds',
  'HostConfig.CapAdd',
  'HostConfig.CapDrop',
  'HostConfig.ExtraHosts',
];
const MAPS = ['Config.ExposedPorts', 'Config.Labels', 'Config.Volumes'];
const POINTERS = ['State.Health', 'Config.Healthcheck'];

/** What templates are given of a box or an image; what is nil is where its parent is. */
export function goValues(inspection: object): object {
  const copy: Record<string, unknown> = { ...inspection };
  for (const path of LISTS) fill(copy, path.split('.'), null, new NilList());
  for (const path of MAPS) fill(copy, path.split('.'), null, new NilMap());
  for (const path of POINTERS) fill(copy, path.split('.'), undefined, undefined);
  return copy;
}

/** @param empty what stands there now, if it is to be replaced: null, or undefined when it is missing */
function fill(
  parent: Record<string, unknown>,
  [name = '', ...rest]: readonly string[],
  empty: null | undefined,
  value: unknown,
): void {
  if (rest.length === 0) {
    if (parent[name] === empty) parent[name] = value;
    return;
  }
  const child = parent[name];
  if (typeof child !== 'object' || child === null) return;
  const copy: Record<string, unknown> = { ...child };
  parent[name] = copy;
  fill(copy, rest, empty, value);
}
