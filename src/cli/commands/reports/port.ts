import { BoxliteError } from '../../../errors.js';
import { findBox } from '../../box/find-box.js';
import { defineCommand } from '../../parse/command.js';

export const port = defineCommand({
  name: 'port',
  group: 'boxes',
  summary: 'List the published ports of a box',
  description: 'No port of a box can be published yet, so there are none.',
  args: [
    { name: 'BOX', summary: 'Name or id', complete: 'box' },
    { name: 'PRIVATE_PORT[/PROTO]', summary: 'Only where this one is published', optional: true },
  ],
  options: {},
  examples: [{ command: 'boxlite port web 80', what: 'Where port 80 is published' }],
  async run(context, [name = '', port]) {
    await findBox(await context.runtime(), name);
    if (port === undefined) return 0;
    const [, number = '', protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(port) ?? [];
    if (number === '' || Number(number) > 65_535)
      throw new BoxliteError('invalid-argument', `invalid port '${port}'`);
    throw new BoxliteError(
      'invalid-argument',
      `no public port '${number}/${protocol}' published for ${name}`,
    );
  },
});
