import { BoxliteError } from '../../../errors.js';
import { allNetworks, findNetwork } from '../../network/all-networks.js';
import { NETWORK } from '../../output/go/network.js';
import { networkInspection } from '../../output/rows/network-inspection.js';
import { compileTemplate } from '../../output/template.js';
import { unescape } from '../../output/terminal/list.js';
import { jsonText } from '../../output/text/json-text.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { print } from '../../process/context.js';
import { TargetFailures } from '../../process/targets.js';

export const networkInspect = defineCommand({
  name: 'network inspect',
  group: 'networks',
  summary: 'Show all that is known about networks, as JSON',
  description:
    'Always a list, with the boxes that run. What is found is shown even when other names are missing.',
  args: [{ name: 'NETWORK', summary: 'Name or id', variadic: true }],
  options: {
    format: value("json, or a template such as '{{.IPAM.Config}}'", 'FORMAT', {
      short: 'f',
      emptyIsNone: true,
    }),
    verbose: flag('The same: a network has no more to show', { short: 'v' }),
  },
  examples: [
    {
      command: "boxlite network inspect -f '{{range .Containers}}{{.Name}} {{end}}' app",
      what: 'Who is in it',
    },
  ],
  async run(context, names, { format }) {
    // Report a malformed template before looking anything up.
    const template =
      format === undefined || format === 'json'
        ? undefined
        : compileTemplate(unescape(format), context.stdout.isTTY);
    const networks = await allNetworks(await context.runtime());
    const found: object[] = [];
    const failures: unknown[] = [];
    for (const name of names) {
      try {
        found.push(networkInspection(findNetwork(networks, name)));
      } catch (error) {
        if (!(error instanceof BoxliteError)) throw error;
        failures.push(error);
      }
    }
    if (template === undefined)
      await print(context, `${jsonText(found, format === 'json' ? 0 : 4)}\n`);
    else {
      const lines = found.map((json) => `${template.render(NETWORK(json))}\n`);
      await print(context, lines.length === 0 ? '\n' : lines.join(''));
    }
    if (failures.length > 0) throw new TargetFailures(failures);
    return 0;
  },
});
