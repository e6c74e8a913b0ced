import { boxPortText } from '../../../engine/spec/network/ports.js';
import { BoxliteError } from '../../../errors.js';
import { findBox } from '../../box/find-box.js';
import { naturally, publishedLine, publishedWhere } from '../../output/text/ports-text.js';
import { defineCommand } from '../../parse/command.js';

export const port = defineCommand({
  name: 'port',
  group: 'boxes',
  summary: 'List the published ports of a box',
  description:
    'Each port of a running box, and where the host listens for it. A box of the name add or rm is named by\n' +
    'its id here.',
  args: [
    { name: 'BOX', summary: 'Name or id', complete: 'box' },
    { name: 'PRIVATE_PORT[/PROTO]', summary: 'Only where this one is published', optional: true },
  ],
  options: {},
  examples: [
    { command: 'boxlite port web', what: 'All, such as 80/tcp -> 127.0.0.1:8080' },
    { command: 'boxlite port web 80', what: 'Where port 80 is published' },
    { command: 'boxlite port add web 9090:90', what: 'One more, while it runs' },
  ],
  async run(context, [name = '', wanted]) {
    const box = await findBox(await context.runtime(), name);
    const port = wanted === undefined ? undefined : parseBoxPort(wanted);
    const { ports = [] } = await box.info();
    const lines = ports
      .filter((each) => port === undefined || boxPortText(each) === port)
      .map(port === undefined ? publishedLine : publishedWhere)
      .sort(naturally);
    if (port !== undefined && lines.length === 0)
      throw new BoxliteError('invalid-argument', `no public port '${port}' published for ${name}`);
    context.stdout.write(lines.map((line) => `${line}\n`).join(''));
    return 0;
  },
});

/** @returns `80/tcp` */
function parseBoxPort(text: string): string {
  const [, number = '', protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (number === '' || Number(number) > 65_535)
    throw new BoxliteError('invalid-argument', `invalid port '${text}'`);
  return `${Number(number)}/${protocol}`;
}
