import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import { boxName } from '../spec/names/box-name.js';

export function noSuchBox(idOrName: string): BoxliteError {
  return new BoxliteError('box-not-found', `No such box: ${idOrName}`, {
    hint: 'see all boxes',
    remedy: { action: 'list-boxes' },
  });
}

/** The properties of a box that decide whether a call is allowed. */
type Box = Pick<BoxRecord, 'id' | 'name' | 'status' | 'error'> & { restarting?: boolean };

/** Why a call that needs a running box is refused: its state, and what to do. */
export function notRunning(box: Box): BoxliteError {
  const name = boxName(box);
  if (box.status === 'unknown') return unknownState(box);
  if (box.restarting === true)
    return new BoxliteError(
      'box-state',
      `box ${name} is restarting, wait until the box is running`,
      { hint: 'or end that', remedy: { action: 'stop', box: name } },
    );
  return new BoxliteError('box-not-running', `box ${name} is not running`, {
    hint: 'start it',
    remedy: { action: 'start', box: name },
  });
}

/** @param doing `exec`, `attach`, … */
export function isPaused(box: Box, doing: string): BoxliteError {
  const name = boxName(box);
  return new BoxliteError('box-state', `box ${name} is paused, unpause the box before ${doing}`, {
    hint: 'unpause it',
    remedy: { action: 'unpause', box: name },
  });
}

/** The box's actual state is unknown, and why. */
export function unknownState(box: Box): BoxliteError {
  const name = boxName(box);
  return new BoxliteError(
    'box-state',
    `the state of box ${name} is unknown: ${box.error ?? 'its supervisor does not answer'}`,
    { hint: 'stop it, or remove it', remedy: { action: 'remove', box: name } },
  );
}
