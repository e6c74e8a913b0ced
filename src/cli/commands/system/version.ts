import { VERSIONS } from '../../output/go/version.js';
import { versions } from '../../output/rows/versions.js';
import { renderTemplate } from '../../output/template.js';
import { unescape } from '../../output/terminal/list.js';
import { jsonText } from '../../output/text/json-text.js';
import { defineCommand, value } from '../../parse/command.js';
import { print } from '../../process/context.js';

export const version = defineCommand({
  name: 'version',
  group: 'system',
  summary: 'Show the version',
  args: [],
  options: {
    format: value("json, or a template such as '{{.Client.Version}}'", 'FORMAT', {
      short: 'f',
      emptyIsNone: true,
    }),
  },
  examples: [{ command: 'boxlite version --format json', what: 'For scripts' }],
  async run(context, _args, { format }) {
    await print(context, `${render(format, context.stdout.isTTY)}\n`);
    return 0;
  },
});

function render(format: string | undefined, onScreen?: boolean): string {
  const found = versions();
  if (format === 'json') return jsonText(found);
  if (format !== undefined) return renderTemplate(unescape(format), VERSIONS(found), onScreen);
  const { Version, NodeVersion, Os, Arch } = found.Client;
  return [
    'BoxLite:',
    ` Version:      ${Version}`,
    ` Node version: ${NodeVersion}`,
    ` OS/Arch:      ${Os}/${Arch}`,
  ].join('\n');
}
