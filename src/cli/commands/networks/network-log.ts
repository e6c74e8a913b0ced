import type { NetworkLogEntry } from '../../../engine/report/network-log.js';
import { hostPortText } from '../../../engine/spec/network/host-address.js';
import { asLine } from '../../../terminal-text.js';
import { findBox } from '../../box/find-box.js';
import { oneOf, parseTail } from '../../flags/number.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { print } from '../../process/context.js';

const FORMATS = ['text', 'json'] as const;

export const networkLog = defineCommand({
  name: 'network log',
  group: 'networks',
  summary: 'Show what a box was allowed to reach, and what not',
  description:
    'A line for each connection, flow of datagrams and ping that the box began: when, what was decided, where to,\n' +
    'and by which rule; names where a rule of names decided. `boxlite network policy --log on BOX` turns it on.\n' +
    'The log is bounded: the oldest goes first, and of more than 200 in a second the rest is only counted.',
  args: [{ name: 'BOX', summary: 'Name or id', complete: 'box' }],
  options: {
    follow: flag('Go on until the box ends', { short: 'f' }),
    tail: value('Only the last NUMBER lines, or all', 'NUMBER', { short: 'n', parse: parseTail }),
    format: value('text (default) or json, an object a line', 'FORMAT', {
      parse: oneOf(FORMATS),
      complete: FORMATS,
    }),
  },
  examples: [
    { command: 'boxlite network log -f web', what: 'What it reaches from now on' },
    { command: 'boxlite network log --format json web', what: 'For another program' },
  ],
  async run(context, [name = ''], { follow, tail, format }) {
    const box = await findBox(await context.runtime(), name);
    for await (const entry of box.networkLog({ follow, ...(tail !== undefined && { tail }) }))
      await print(context, format === 'json' ? `${JSON.stringify(entry)}\n` : textOf(entry));
    return 0;
  },
});

function textOf({ time, allowed, protocol, address, port, name, rule, leftOut }: NetworkLogEntry) {
  const what = allowed ? 'allowed' : 'denied ';
  const where = protocol === 'icmp' ? address : hostPortText(address, port);
  const words = [time.toISOString(), what, protocol, where, name, rule && `(${rule})`];
  const line = asLine(words.filter((word) => word !== undefined).join(' '));
  return `${leftOut > 0 ? `... ${leftOut} left out\n` : ''}${line}\n`;
}
