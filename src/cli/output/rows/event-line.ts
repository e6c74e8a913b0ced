import type { BoxliteEvent } from '../../../engine/state/events.js';
import { withoutActing } from '../../../terminal-text.js';
import { familiarReference } from '../text/reference.js';

/** A line of `events`, as Docker writes it: time, type, action, id, and the attributes by name. */
export function eventLine(event: BoxliteEvent): string {
  const { type, action } = event;
  const attributes = Object.entries(attributesOf(event))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => `${name}=${text}`);
  const time = `${event.time.toISOString().slice(0, -1)}000000Z`;
  return printable(`${time} ${type} ${action} ${actorOf(event)} (${attributes.join(', ')})`);
}

/** The event as Docker's JSON. */
export function eventJson(event: BoxliteEvent): Record<string, unknown> {
  const { type, action } = event;
  const timeMs = event.time.getTime();
  const actor = actorOf(event);
  const attributes = attributesOf(event);
  return {
    status: action,
    id: actor,
    ...(type === 'container' && { from: attributes.image }),
    Type: type,
    Action: action,
    Actor: { ID: actor, Attributes: attributes },
    scope: 'local',
    time: Math.floor(timeMs / 1000),
    timeNano: timeMs * 1e6,
  };
}

/** The event under the names of Docker's templates; `{{json .}}` prints Docker's JSON. */
export function eventFields(event: BoxliteEvent): Record<string, unknown> {
  const json = eventJson(event);
  const { status: Status, id: ID, from: From = '', scope: Scope, time: Time, timeNano } = json;
  const { Type, Action, Actor } = json;
  const fields = { Status, ID, From, Type, Action, Actor, Scope, Time, TimeNano: timeNano };
  return Object.defineProperty(fields, 'toJSON', { value: () => json });
}

function actorOf({ type, actor }: BoxliteEvent): string {
  return type === 'image' && !actor.startsWith('sha256:') ? familiarReference(actor) : actor;
}

function attributesOf({ type, attributes }: BoxliteEvent): Readonly<Record<string, string>> {
  const name = attributes.name ?? '';
  if (type !== 'image' || name.startsWith('sha256:')) return attributes;
  return { ...attributes, name: familiarReference(name) };
}

/** A label or a command must neither control the terminal nor start another line. */
function printable(line: string): string {
  return withoutActing(line, ' ');
}
