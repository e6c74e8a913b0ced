import { defineCommand } from '../../parse/command.js';

/** A box's shim runs this command when the box has ended; it holds the policy that the shim does not have. */
export const onExit = defineCommand({
  name: '__on-exit',
  group: 'system',
  summary: 'Fold in the end of a box',
  args: [{ name: 'BOX', summary: 'Id' }],
  options: {},
  examples: [],
  hidden: true,
  async run(context, [id = '']) {
    await (await context.runtime()).handleExit(id);
    return 0;
  },
});
