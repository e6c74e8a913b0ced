import type { UpdateOptions } from '../../../engine/spec/options.js';
import { findBox } from '../../box/find-box.js';
import { NET_RATE_OPTIONS, NETWORK_OPTIONS, readRates } from '../../box/network-flags.js';
import {
  checkSwap,
  PROCESSOR_OPTIONS,
  readProcessors,
  RESOURCE_OPTIONS,
  SWAP_OPTION,
} from '../../box/resource-flags.js';
import { wholeNumber } from '../../flags/number.js';
import { ACCEPTED_BY_UPDATE, KERNEL_MEMORY, warnOfDiscarded } from '../../parse/accepted-flags.js';
import { defineCommand, list, under, value } from '../../parse/command.js';
import { REFUSED_BY_UPDATE } from '../../parse/refused-flags.js';
import { usageError } from '../../parse/usage-error.js';
import { withoutUndefined } from '../../parse/without-undefined.js';
import { forEachTarget } from '../../process/targets.js';

export const update = defineCommand({
  name: 'update',
  group: 'boxes',
  summary: 'Change the options of boxes',
  description:
    'A restart policy, ports, rates of the network and what concerns stopping count at once, processors, memory\n' +
    'and processes of a stopped box from its next start on. Prints each name it was given.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'box' }],
  options: {
    ...REFUSED_BY_UPDATE,
    ...ACCEPTED_BY_UPDATE,
    ...KERNEL_MEMORY,
    ...under('Lifecycle', {
      restart: value('Restart policy: no, on-failure[:N], always, unless-stopped', 'POLICY', {
        complete: ['no', 'on-failure', 'always', 'unless-stopped'],
      }),
      'stop-signal': value('Signal that stops the box', 'SIGNAL', { emptyIsNone: true }),
      'stop-timeout': value(
        'Seconds until a stopping box is killed; -1 waits for ever',
        'SECONDS',
        { parse: wholeNumber(-1) },
      ),
    }),
    ...under('Processor', PROCESSOR_OPTIONS),
    ...under('Resource', {
      'pids-limit': value('Most processes and threads in the box; -1 for no limit', 'NUMBER', {
        parse: wholeNumber(-1, 4_194_304),
      }),
      memory: RESOURCE_OPTIONS.memory,
      'memory-reservation': RESOURCE_OPTIONS['memory-reservation'],
      'memory-swap': SWAP_OPTION['memory-swap'],
    }),
    ...under('Network', {
      publish: NETWORK_OPTIONS.publish,
      'publish-rm': list('Take back a published port', '[[IP:]PORT:]PORT[/PROTO]'),
      ...NET_RATE_OPTIONS,
    }),
  },
  examples: [
    { command: 'boxlite update --restart unless-stopped web', what: 'Also while it runs' },
  ],
  async run(context, names, options) {
    const { restart, 'stop-signal': stopSignal, memory: memoryMib } = options;
    const { 'memory-reservation': memoryReservationMib } = options;
    const { 'stop-timeout': timeout, 'pids-limit': pidsLimit } = options;
    warnOfDiscarded(context, options);
    checkSwap(options, memoryMib);
    const changes: UpdateOptions = {
      ...(restart !== undefined && { restart }),
      ...(stopSignal !== undefined && { stopSignal }),
      ...(timeout !== undefined && { stopTimeoutSeconds: timeout }),
      ...withoutUndefined(readProcessors(options)),
      ...(pidsLimit !== undefined && { pidsLimit }),
      ...(memoryMib !== undefined && { memoryMib }),
      ...(memoryReservationMib !== undefined && { memoryReservationMib }),
      ...readRates(options),
    };
    const { publish, 'publish-rm': unpublish } = options;
    if (Object.keys(changes).length + publish.length + unpublish.length === 0)
      throw usageError('you must provide one or more flags when using this command', 'update');
    const runtime = await context.runtime();
    await forEachTarget(context, names, 'in turn', async (name) => {
      const box = await findBox(runtime, name);
      if (Object.keys(changes).length > 0) await box.update(changes);
      if (unpublish.length > 0) await box.unpublish(unpublish);
      const { publishAddress } = context.settings;
      if (publish.length > 0) await box.publish(publish, withoutUndefined({ publishAddress }));
      return `${name}\n`;
    });
    return 0;
  },
});
