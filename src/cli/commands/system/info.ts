import type { RuntimeInfo } from '../../../engine/report/runtime-info.js';
import { asLine } from '../../../terminal-text.js';
import { SYSTEM_INFO } from '../../output/go/info.js';
import { infoKeys, NOT_TRIED } from '../../output/rows/info-keys.js';
import { renderTemplate } from '../../output/template.js';
import { unescape } from '../../output/terminal/list.js';
import { jsonText } from '../../output/text/json-text.js';
import { bytesSize, humanSize } from '../../output/text/size.js';
import { defineCommand, value } from '../../parse/command.js';
import { print, warn } from '../../process/context.js';
import { advice, withAdvice } from '../../process/remedy.js';

export const info = defineCommand({
  name: 'info',
  group: 'system',
  summary: 'Show how BoxLite works on this machine',
  description:
    'Boxes, images, the accelerator and why it was taken, kernel, QEMU, templates, what the store takes\n' +
    'of the disk, and which isolation this host allows BoxLite around the VMM.',
  args: [],
  options: {
    format: value("json, or a template such as '{{.Accelerator.Used}}'", 'FORMAT', {
      short: 'f',
      emptyIsNone: true,
    }),
  },
  examples: [{ command: "boxlite info --format '{{.Accelerator.Reason}}'", what: 'Why no KVM' }],
  async run(context, _args, { format }) {
    const found = await (await context.runtime()).info();
    if (format === undefined) await print(context, infoText(found));
    else {
      const keys = infoKeys(found, context);
      const text =
        format === 'json'
          ? jsonText(keys)
          : renderTemplate(unescape(format), SYSTEM_INFO(keys), context.stdout.isTTY);
      await print(context, `${text}\n`);
    }
    if (format === undefined)
      for (const problem of found.problems) warn(context, withAdvice(problem));
    return 0;
  },
});

const STORE_PARTS = [
  ['blobs', 'Blobs'],
  ['layers', 'Layers'],
  ['disks', 'Disks'],
  ['boxes', 'Boxes'],
  ['templates', 'Templates'],
  ['assets', 'Kernel'],
] as const satisfies readonly (readonly [keyof RuntimeInfo['store'], string])[];

function acceleratorLines(accelerator: RuntimeInfo['accelerator']): [key: string, text: string][] {
  const { used = NOT_TRIED, reason, triedAt, triedAgainAt } = accelerator;
  const cure = advice(accelerator.cure, accelerator.remedy);
  const lines: [key: string, text: string][] = [['Accelerator', `${used} (${reason})`]];
  if (triedAt) {
    const again = triedAgainAt ? `; a start after ${triedAgainAt.toISOString()} tries again` : '';
    lines.push([' Tried', `${triedAt.toISOString()}${again}`]);
  }
  if (cure !== undefined) lines.push([' What to do', cure]);
  return lines;
}

function infoText(found: RuntimeInfo): string {
  const { accelerator, boxes, templates, store } = found;
  const lines: [key: string, text: string][] = [
    ['Version', found.version],
    ['Home', found.home],
    [
      'Boxes',
      `${boxes.total} (${boxes.running} running, ${boxes.paused} paused, ${boxes.stopped} stopped)`,
    ],
    ['Images', String(found.images)],
    ...acceleratorLines(accelerator),
    ['QEMU', found.qemu === undefined ? 'missing' : `${found.qemu.version}, ${found.qemu.path}`],
    [
      'Guest kernel',
      found.kernel === undefined ? 'missing' : `${found.kernel.version}, ${found.kernel.path}`,
    ],
    ...(found.kernel?.modules === undefined
      ? []
      : [[' Modules', found.kernel.modules] satisfies [string, string]]),
    ['Templates', `${templates.length} (${humanSize(store.templates)})`],
    ...templates.map((template): [string, string] => [
      ` ${template.key.slice(0, 12)}`,
      [
        `${template.cpus} CPU`,
        `${template.memoryMib} MiB`,
        humanSize(template.bytes),
        ...(template.image === undefined ? [] : [template.image]),
        ...(template.kernel === undefined
          ? []
          : [`Linux ${template.kernelVersion} of ${template.kernel}`]),
      ].join(', '),
    ]),
    ['Store', humanSize(STORE_PARTS.reduce((sum, [key]) => sum + store[key], 0))],
    ...STORE_PARTS.map(([key, name]): [string, string] => [` ${name}`, humanSize(store[key])]),
    ['Isolation', found.isolation.length === 0 ? 'not known' : 'what this host allows'],
    ...found.isolation.map(({ name, stands, detail }): [string, string] => [
      ` ${name}`,
      `${stands ? 'yes' : 'no'}, ${detail}`,
    ]),
    ['Operating system', found.os],
    ['CPUs', String(found.cpus)],
    ['Total memory', bytesSize(found.memoryBytes)],
  ];
  return lines.map(([key, text]) => `${asLine(`${key}: ${text}`)}\n`).join('');
}
