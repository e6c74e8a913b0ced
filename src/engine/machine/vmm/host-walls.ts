import { BoxliteError } from '../../../errors.js';
import { askShim } from './ask-shim.js';

/** A wall that takes no trial to know of: whether the host has it, and what of it, or why not. */
export interface HostWall {
  stands: boolean;
  detail: string;
}

/** Looks, and makes nothing. @throws setup-needed */
export async function hostWalls(): Promise<Record<'landlock' | 'cgroup', HostWall>> {
  const { text } = await askShim('--check-walls');
  return { landlock: wallIn(text, 'landlock'), cgroup: wallIn(text, 'cgroup') };
}

/** @param text lines of "NAME yes|no DETAIL" */
function wallIn(text: string, name: string): HostWall {
  const [, answer, detail] = new RegExp(`^${name} (yes|no) (.+)$`, 'm').exec(text) ?? [];
  if (answer === undefined || detail === undefined)
    throw new BoxliteError('setup-needed', `boxlite-shim says nothing of ${name}`, {
      hint: 'install BoxLite again (in its sources: `npm run build:native`)',
    });
  return { stands: answer === 'yes', detail };
}
