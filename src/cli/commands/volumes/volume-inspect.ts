import { noSuchVolume } from '../../../engine/volumes/find.js';
import type { BoxliteError } from '../../../errors.js';
import { VOLUME } from '../../output/go/volume.js';
import { volumeInspection } from '../../output/rows/volume-inspection.js';
import { compileTemplate } from '../../output/template.js';
import { unescape } from '../../output/terminal/list.js';
import { jsonText } from '../../output/text/json-text.js';
import { defineCommand, value } from '../../parse/command.js';
import { print } from '../../process/context.js';
import { TargetFailures } from '../../process/targets.js';

export const volumeInspect = defineCommand({
  name: 'volume inspect',
  group: 'volumes',
  summary: 'Show all that is known about volumes, as JSON',
  description: 'Always a list. What is found is shown even when other names are missing.',
  args: [{ name: 'VOLUME', summary: 'Name', variadic: true }],
  options: {
    format: value("json, or a template such as '{{.Mountpoint}}'", 'FORMAT', {
      short: 'f',
      emptyIsNone: true,
    }),
  },
  examples: [
    { command: "boxlite volume inspect -f '{{.Mountpoint}}' data", what: 'Where its files are' },
  ],
  async run(context, names, { format }) {
    // Report a malformed template before looking anything up.
    const template =
      format === undefined || format === 'json'
        ? undefined
        : compileTemplate(unescape(format), context.stdout.isTTY);
    const { volumes } = await context.runtime();
    const found: object[] = [];
    const failures: BoxliteError[] = [];
    for (const name of names) {
      const volume = await volumes.get(name);
      if (volume === undefined) failures.push(noSuchVolume(name));
      else found.push(volumeInspection(volume));
    }
    if (template === undefined)
      await print(context, `${jsonText(found, format === 'json' ? 0 : 4)}\n`);
    else {
      const lines = found.map((json) => `${template.render(VOLUME(json))}\n`);
      await print(context, lines.length === 0 ? '\n' : lines.join(''));
    }
    if (failures.length > 0) throw new TargetFailures(failures);
    return 0;
  },
});
