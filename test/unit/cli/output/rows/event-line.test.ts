import { expect, test } from 'vitest';
import { parseEventFilters } from '../../../../../src/cli/flags/filters/event-filters.js';
import {
  eventFields,
  eventJson,
  eventLine,
} from '../../../../../src/cli/output/rows/event-line.js';
import { renderTemplate } from '../../../../../src/cli/output/template.js';
import type { BoxliteEvent } from '../../../../../src/engine/state/events.js';

const ID = '01kaz3v5h8w2q6n9r4t7y1m0dx';
const DIE: BoxliteEvent = {
  type: 'container',
  action: 'die',
  actor: ID,
  attributes: { name: 'web', image: 'alpine', exitCode: '137', tier: 'front' },
  time: new Date('2026-11-25T00:00:01.234Z'),
};
const PULL: BoxliteEvent = {
  type: 'image',
  action: 'pull',
  actor: 'docker.io/library/alpine:3',
  attributes: { name: 'docker.io/library/alpine:3' },
  time: DIE.time,
};

test('a line is Docker’s: time, type, action, id, and the attributes by name', () => {
  expect(eventLine(DIE)).toBe(
    `2026-11-25T00:00:01.234000000Z container die ${ID} (exitCode=137, image=alpine, name=web, tier=front)`,
  );
  expect(eventLine(PULL)).toBe(
    '2026-11-25T00:00:01.234000000Z image pull alpine:3 (name=alpine:3)',
  );
});

test('a label can not act on the terminal nor begin a line', () => {
  const attributes = { name: 'web', evil: 'a\nb\x1b[31m\u202e' };
  expect(eventLine({ ...DIE, attributes })).toMatch(/\(evil=a b \[31m , name=web\)$/);
});

test('JSON is Docker’s', () => {
  expect(eventJson(DIE)).toEqual({
    status: 'die',
    id: ID,
    from: 'alpine',
    Type: 'container',
    Action: 'die',
    Actor: { ID, Attributes: DIE.attributes },
    scope: 'local',
    time: 1795564801,
    timeNano: 1795564801234000000,
  });
  expect(eventJson(PULL)).not.toHaveProperty('from');
});

test('templates have Docker’s fields', () => {
  const render = (template: string) => renderTemplate(template, eventFields(DIE));
  expect(render('{{.Status}} {{.ID}} {{.From}} {{.Type}} {{.Action}} {{.Time}}')).toBe(
    `die ${ID} alpine container die 1795564801`,
  );
  expect(render('{{.Actor.ID}} {{.Actor.Attributes.exitCode}} {{.Scope}}')).toBe(`${ID} 137 local`);
  expect(JSON.parse(render('{{json .}}'))).toEqual(eventJson(DIE));
});

test.each([
  ['container=web', true, false],
  [`container=${ID.slice(0, 12)}`, true, false],
  ['box=web', true, false],
  ['container=we', false, false],
  ['event=die', true, false],
  ['event=pull', false, true],
  ['type=container', true, false],
  ['type=box', true, false],
  ['type=image', false, true],
  ['image=alpine', true, false],
  ['image=alpine:3', false, true],
  ['label=tier', true, false],
  ['label=tier=back', false, false],
])('the filter %s keeps what it says', (filter, die, pull) => {
  const keeps = parseEventFilters([filter]);
  expect([keeps(DIE), keeps(PULL)]).toEqual([die, pull]);
});

test('exec_start is meant with its command', () => {
  const keeps = parseEventFilters(['event=exec_start']);
  expect(keeps({ ...DIE, action: 'exec_start: sh -c ls' })).toBe(true);
});

test('one key twice means either, different ones mean both', () => {
  const keeps = parseEventFilters(['event=die', 'event=pull', 'type=image']);
  expect([keeps(DIE), keeps(PULL)]).toEqual([false, true]);
});

test.each(['x=y', 'type=planet'])('the filter %s is refused', (filter) => {
  expect(() => parseEventFilters([filter])).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
});
