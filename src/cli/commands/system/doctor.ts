import type { DoctorEvent, DoctorReport } from '../../../engine/setup/doctor/doctor.js';
import { wholeNumber } from '../../flags/number.js';
import { openPaint } from '../../output/terminal/paint.js';
import { openSpinner } from '../../output/terminal/spinner.js';
import { checkLines, stageLines } from '../../output/text/diagnosis.js';
import { jsonText } from '../../output/text/json-text.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { type CommandContext, print } from '../../process/context.js';
import { advice } from '../../process/remedy.js';

export const doctor = defineCommand({
  name: 'doctor',
  group: 'system',
  summary: 'Find out whether boxes run on this machine, and what to do if not',
  description:
    'Looks at the host, the programs and what setup has made, shows the cure of each fault, and ends\n' +
    'by really starting a box, with the time of each stage. Ends with 0 only if that box ran.',
  args: [],
  options: {
    json: flag('The whole report as JSON'),
    'no-registry': flag('Do not try to reach the registries'),
    'registry-timeout': value('Seconds that a registry may take to answer (default 3)', 'SECONDS', {
      parse: wholeNumber(1, 600),
    }),
  },
  examples: [
    { command: 'boxlite doctor', what: 'Everything' },
    { command: 'boxlite doctor --json | jq .ok', what: 'For scripts' },
  ],
  async run(context, _args, options) {
    const { registries, kernel } = context.settings;
    const timeout = options['registry-timeout'];
    const asked = registries.length === 0 ? ['docker.io'] : registries;
    const runtime = await context.runtime();
    const report = await watched(context, options.json, (onCheck) =>
      runtime.doctor({
        onCheck,
        registries: options['no-registry'] ? [] : asked,
        ...(kernel !== undefined && { kernel }),
        ...(timeout !== undefined && { registryTimeoutMs: timeout * 1000 }),
      }),
    );
    return report.ok ? 0 : 1;
  },
});

/** Prints each finding as it comes; with JSON, prints the report at the end. */
async function watched(
  context: CommandContext,
  json: boolean,
  examine: (onCheck: (event: DoctorEvent) => void) => Promise<DoctorReport>,
): Promise<DoctorReport> {
  const { stdout, settings } = context;
  const paint = await openPaint(stdout, settings.color);
  const width = stdout.isTTY === true ? (stdout.columns ?? 80) : Infinity;
  const spinner = await openSpinner(context);
  try {
    const report = await examine((event) => {
      if (event.kind === 'begin') spinner.show(event.title);
      else if (!json)
        spinner.over(() => void stdout.write(checkLines(event.result, { paint, width })));
    });
    spinner.stop();
    if (json) await print(context, `${jsonText(withCommands(report), 2)}\n`);
    else await print(context, stageLines(report, { paint, width }));
    return report;
  } finally {
    spinner.stop();
  }
}

/** Adds the command that carries out each remedy, for users of the command line. */
function withCommands({ checks, ...rest }: DoctorReport): DoctorReport {
  const advised = checks.map(({ cure, remedy, ...check }) => {
    const told = advice(cure, remedy);
    return { ...check, ...(told !== undefined && { cure: told }) };
  });
  return { ok: rest.ok, checks: advised, box: rest.box };
}
