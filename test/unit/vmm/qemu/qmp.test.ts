import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { DONE, event, FakeQmp, GREETING, refused } from './fake-qmp.js';

const CLOSED = "the VMM closed its monitor's connection";

test('the monitor is asked for its capabilities before anything else', async () => {
  const qmp = await FakeQmp.start();
  await qmp.client.execute('cont');
  expect(qmp.received).toEqual([
    { execute: 'qmp_capabilities', arguments: {} },
    { execute: 'cont', arguments: {} },
  ]);
});

test('an answer comes back with what it returned', async () => {
  const qmp = await FakeQmp.start(({ execute, arguments: args }) => ({
    return: execute === 'echo' ? args : {},
  }));
  expect(await qmp.client.execute('echo', { a: [1, 'ü'] })).toEqual({ a: [1, 'ü'] });
});

test('commands sent without waiting are answered in their order', async () => {
  const qmp = await FakeQmp.start(() => undefined);
  const answers = Promise.allSettled([
    qmp.client.execute('one'),
    qmp.client.execute('two'),
    qmp.client.execute('three'),
  ]);
  qmp.send(GREETING, DONE, { return: 1 }, event('RESUME'), refused('no such thing'), { return: 3 });
  const [one, two, three] = await answers;
  expect(one).toEqual({ status: 'fulfilled', value: 1 });
  expect(two).toMatchObject({
    reason: { code: 'vmm-failed', message: 'the VMM refused two: no such thing' },
  });
  expect(three).toEqual({ status: 'fulfilled', value: 3 });
});

test('an answer in pieces is put together, inside a character too', async () => {
  const qmp = await FakeQmp.start(() => undefined);
  const answer = qmp.client.execute('name');
  const bytes = Buffer.from(`${JSON.stringify(DONE)}\n${JSON.stringify({ return: 'größe' })}\n`);
  for (const byte of bytes) qmp.far.write(Buffer.of(byte));
  expect(await answer).toBe('größe');
});

test.each([
  ['says nothing', {}],
  ['is no text', { desc: { a: 1 } }],
])('a refusal whose description %s is still a refusal', async (_what, error) => {
  const qmp = await FakeQmp.start(() => ({ error }));
  await expect(qmp.client.execute('cont')).rejects.toMatchObject({
    message: 'the VMM refused cont: it gave no reason',
  });
});

describe('an event', () => {
  test('is told with its data to all who wait for it', async () => {
    const qmp = await FakeQmp.start();
    const waiting = [qmp.client.event('STOP'), qmp.client.event('STOP')];
    qmp.send(event('STOP', { why: 'x' }));
    expect(await Promise.all(waiting)).toEqual([{ why: 'x' }, { why: 'x' }]);
  });

  test('that does not match is passed over', async () => {
    const qmp = await FakeQmp.start();
    const waiting = qmp.client.event('MIGRATION', ({ status }) => status === 'completed');
    qmp.send(event('STOP', { status: 'completed' }), event('MIGRATION', { status: 'active' }));
    qmp.send(event('MIGRATION', { status: 'completed' }));
    expect(await waiting).toEqual({ status: 'completed' });
  });

  test('from before the wait is not told', async () => {
    const qmp = await FakeQmp.start();
    qmp.send(event('STOP', { first: true }));
    await qmp.client.execute('sync');
    const waiting = qmp.client.event('STOP');
    qmp.send(event('STOP', { first: false }));
    expect(await waiting).toEqual({ first: false });
  });

  test('without data has none', async () => {
    const qmp = await FakeQmp.start();
    const waiting = qmp.client.event('STOP');
    qmp.send({ event: 'STOP' });
    expect(await waiting).toEqual({});
  });
});

describe('a hostile VMM', () => {
  const NOT_JSON = 'the VMM sent a line on its monitor that is not JSON';
  test.each([
    ['sends no JSON', '{"return":', '\n', NOT_JSON],
    ['sends an empty line', '', '\n', NOT_JSON],
    ['sends binary', '\0\xff\xfe', '\n', NOT_JSON],
    [
      'never ends its line',
      'x'.repeat(1_048_577),
      '',
      'the VMM sent an endless line on its monitor',
    ],
  ])('that %s is hung up on', async (_attack, line, end, message) => {
    const qmp = await FakeQmp.start(() => undefined);
    const waiting = [qmp.client.execute('cont'), qmp.client.event('STOP')];
    const closed = once(qmp.far, 'close');
    qmp.send(`${line}${end}`);
    const results = await Promise.allSettled(waiting);
    expect(results.map((result) => result.status === 'rejected' && String(result.reason))).toEqual([
      `BoxliteError: ${message}`,
      `BoxliteError: ${message}`,
    ]);
    await closed;
  });

  test.each([['null'], ['5'], ['[]'], ['["return"]'], ['{}'], ['{"event":5}'], ['"return"']])(
    'that sends %s is not listened to',
    async (line) => {
      const qmp = await FakeQmp.start(() => undefined);
      const answer = qmp.client.execute('cont');
      qmp.send(`${line}\n`, DONE, { return: 'mine' });
      expect(await answer).toBe('mine');
    },
  );

  test('that answers what nobody asked does no harm', async () => {
    const qmp = await FakeQmp.start(() => undefined);
    qmp.send(DONE, DONE, refused('x'), DONE);
    const waiting = qmp.client.event('STOP');
    qmp.send(event('STOP'));
    await waiting;
    const answer = qmp.client.execute('cont');
    qmp.send({ return: 7 });
    expect(await answer).toBe(7);
  });

  test('cannot be heard after the connection was given up', async () => {
    const qmp = await FakeQmp.start(() => undefined);
    const answer = qmp.client.execute('cont');
    qmp.send('garbage\n', DONE, { return: 7 });
    await expect(answer).rejects.toThrow(NOT_JSON);
  });
});

describe('when the connection ends', () => {
  test('all who wait are told so, and not that the VMM refused', async () => {
    const qmp = await FakeQmp.start(() => undefined);
    const waiting = [qmp.client.execute('cont'), qmp.client.event('STOP')];
    qmp.far.end();
    for (const promise of waiting)
      await expect(promise).rejects.toMatchObject({ code: 'vmm-failed', message: CLOSED });
  });

  test('what is asked afterwards fails at once', async () => {
    const qmp = await FakeQmp.start();
    await qmp.client.execute('cont');
    const closed = once(qmp.near, 'close');
    qmp.far.end();
    await closed;
    await expect(qmp.client.execute('cont')).rejects.toThrow(CLOSED);
    await expect(qmp.client.event('STOP')).rejects.toThrow(CLOSED);
  });

  test('by us, those who still wait are told', async () => {
    const qmp = await FakeQmp.start(() => undefined);
    const waiting = qmp.client.execute('cont');
    const closed = once(qmp.far, 'close');
    qmp.client.close();
    await expect(waiting).rejects.toThrow('the monitor was closed');
    await closed;
    qmp.client.close();
  });
});
