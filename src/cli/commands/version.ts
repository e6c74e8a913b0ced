import { defineCommand, value } from '../command.js';
import { print } from '../context.js';
import { jsonText } from '../output/json-text.js';
import { unescape } from '../output/list.js';
import { renderTemplate } from '../output/template.js';
import { VERSION } from '../version.js';

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
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const client = {
      Version: VERSION,
      NodeVersion: process.version,
      Os: process.platform,
      Arch: architecture,
    };
    // Scripts written for Docker ask for the server's: the program is both.
    const versions = { Client: client, Server: client };
    await print(context, `${render(versions, format)}\n`);
    return 0;
  },
});

function render(versions: { Client: Record<string, string> }, format: string | undefined): string {
  if (format === 'json') return jsonText(versions);
  if (format !== undefined) return renderTemplate(unescape(format), versions);
  const { Version, NodeVersion, Os, Arch } = versions.Client;
  return [
    'BoxLite:',
    ` Version:      ${Version ?? ''}`,
    ` Node version: ${NodeVersion ?? ''}`,
    ` OS/Arch:      ${Os ?? ''}/${Arch ?? ''}`,
  ].join('\n');
}
