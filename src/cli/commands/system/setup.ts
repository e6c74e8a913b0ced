import type { SetupEvent, StepResult } from '../../../engine/setup/setup.js';
import { BoxliteError } from '../../../errors.js';
import { openSpinner } from '../../output/terminal/spinner.js';
import { defineCommand, value } from '../../parse/command.js';
import { type CommandContext, say } from '../../process/context.js';
import { advice } from '../../process/remedy.js';

const READY = [
  'Ready. Try: boxlite run busybox echo hi',
  'Tab completion: boxlite completion --help',
];

export const setup = defineCommand({
  name: 'setup',
  group: 'system',
  summary: 'Prepare this machine: kernel, built-in image, first template',
  description:
    'Finds QEMU, unpacks a kernel for the guest without installing it, makes the image\n' +
    'localhost/busybox and boots the first template. What is in place already is left as it is.',
  args: [],
  options: {
    kernel: value("Kernel to use instead of the distribution's", 'FILE', { complete: 'file' }),
    modules: value('Its modules: a directory as /lib/modules/VERSION', 'PATH', {
      complete: 'file',
    }),
  },
  examples: [
    {
      command: 'boxlite setup --kernel /boot/vmlinuz-6.1 --modules /lib/modules/6.1',
      what: 'With a kernel that is here',
    },
  ],
  async run(context, _args, { kernel = context.settings.kernel, modules }) {
    const runtime = await context.runtime();
    if (context.stderr.isTTY === true)
      say(context, 'Preparing this machine for boxes, once; it takes a minute at most.');
    const spinner = await openSpinner(context);
    const onStep = (event: SetupEvent): void => {
      if (event.kind === 'end') spinner.over(() => say(context, stepLine(event.result)));
      else spinner.show(event.kind === 'begin' ? event.summary : event.message);
    };
    try {
      const report = await runtime.setup({
        onStep,
        ...(kernel !== undefined && { kernel }),
        ...(modules !== undefined && { modules }),
      });
      if (!report.ok) return failed(context, report.steps);
      if (context.stderr.isTTY === true) spinner.over(() => say(context, ...READY));
      return 0;
    } finally {
      spinner.stop();
    }
  },
});

/** `kernel: Linux 6.1.0 from … (2.1 s)` */
function stepLine({ name, status, detail, durationMs }: StepResult): string {
  const mark = { done: 'done', skipped: 'ok', failed: 'FAILED' }[status];
  const took = durationMs < 100 ? '' : ` (${(durationMs / 1000).toFixed(1)} s)`;
  return `${mark.padEnd(6)} ${name}: ${detail}${took}`;
}

function failed(context: CommandContext, steps: readonly StepResult[]): number {
  const failures = steps.filter((step) => step.status === 'failed');
  for (const { name, error } of failures) {
    const cure = advice(error?.hint, error?.remedy);
    if (cure !== undefined) say(context, `${name}: ${cure}`);
  }
  throw new BoxliteError(
    'setup-needed',
    `set-up is not complete: ${failures.map(({ name }) => name).join(', ')} failed`,
    { hint: "Do what is said above, then run 'boxlite setup' again." },
  );
}
