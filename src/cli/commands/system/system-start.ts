import { defineCommand } from '../../parse/command.js';
import { print } from '../../process/context.js';
import { TargetFailures } from '../../process/targets.js';

export const systemStart = defineCommand({
  name: 'system start',
  group: 'system',
  summary: 'Start the boxes whose restart policy says so, as after a restart of the host',
  description:
    'Those of --restart always and unless-stopped that ran when the host went down; any command that\n' +
    'changes a box has the same done in the background. Prints the name of each box it has started.',
  args: [],
  options: {},
  examples: [
    { command: 'boxlite system start', what: 'For a unit that runs at the start of the host' },
  ],
  async run(context) {
    const runtime = await context.runtime();
    const failures = await runtime.startDue((name) => print(context, `${name}\n`));
    if (failures.length > 0) throw new TargetFailures(failures);
    return 0;
  },
});
