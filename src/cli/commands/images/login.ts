import type { LoginResult } from '../../../engine/images/registries.js';
import type { BoxliteRuntime } from '../../../engine/runtime.js';
import { BoxliteError } from '../../../errors.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { type CommandContext, print, say } from '../../process/context.js';
import { Prompt } from '../../process/prompt.js';
import { readBytes } from '../../process/read-bytes.js';

/** Longer than any token in use, so a file given by mistake is not read to its end. */
const MAX_PASSWORD_BYTES = 1 << 20;

export const login = defineCommand({
  name: 'login',
  group: 'images',
  summary: 'Log in to a registry',
  description:
    "Keeps the credentials where Docker does: with the helper that Docker's config.json names, else\n" +
    'in that file. Without --username it first tries what is kept already.',
  args: [{ name: 'SERVER', summary: 'Registry (default: Docker Hub)', optional: true }],
  options: {
    username: value('User name', 'NAME', { short: 'u' }),
    password: value('Password or access token; everybody here can see it', 'SECRET', {
      short: 'p',
    }),
    'password-stdin': flag('Take the password from stdin'),
  },
  examples: [
    { command: 'boxlite login registry.example.com', what: 'Asks for name and password' },
    {
      command: 'boxlite login -u me --password-stdin quay.io < token.txt',
      what: 'In a script',
    },
  ],
  async run(context, [server], { username = '', password = '', 'password-stdin': fromStdin }) {
    const given = await givenPassword(context, username, password, fromStdin);
    const runtime = await context.runtime();
    if (username === '' && given === '' && (await loginAgain(context, runtime, server))) return 0;
    const answers = await askForMissing(context, username, given);
    const result = await runtime.login({ ...(server !== undefined && { server }), ...answers });
    warnAboutFile(context, result);
    await print(context, 'Login Succeeded\n');
    return 0;
  },
});

async function givenPassword(
  context: CommandContext,
  username: string,
  password: string,
  fromStdin: boolean,
): Promise<string> {
  if (!fromStdin) {
    if (password !== '')
      say(context, 'WARNING! Using --password via the CLI is insecure. Use --password-stdin.');
    return password;
  }
  if (password !== '')
    throw new BoxliteError(
      'invalid-argument',
      'conflicting options: cannot specify both --password and --password-stdin',
    );
  if (username === '')
    throw new BoxliteError(
      'invalid-argument',
      'the --password-stdin option requires --username to be set',
    );
  return await readPassword(context);
}

/** Reads all of stdin, without the line ending that `echo` and editors add. */
async function readPassword(context: CommandContext): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of readBytes(context, '-')) {
    length += chunk.length;
    if (length > MAX_PASSWORD_BYTES)
      throw new BoxliteError('invalid-argument', 'what comes on stdin is too long for a password');
    chunks.push(chunk);
  }
  const password = Buffer.concat(chunks).toString().replace(/\n$/, '').replace(/\r$/, '');
  if (password !== '') return password;
  throw new BoxliteError('invalid-argument', 'the password on stdin is empty');
}

/** @returns whether the stored credentials were accepted */
async function loginAgain(
  context: CommandContext,
  runtime: BoxliteRuntime,
  server: string | undefined,
): Promise<boolean> {
  try {
    const stored = await runtime.loginAgain(server);
    if (stored === undefined) return false;
    const name = stored.username === undefined ? '' : ` [Username: ${stored.username}]`;
    say(context, `Authenticating with existing credentials...${name}`);
    await print(context, 'Login Succeeded\n');
    return true;
  } catch (error) {
    const refused = error instanceof BoxliteError && error.code === 'registry-auth';
    if (!refused || context.stdin.isTTY !== true) throw error;
    say(context, `Login did not succeed, error: ${error.message}`);
    return false;
  }
}

async function askForMissing(
  context: CommandContext,
  username: string,
  password: string,
): Promise<{ username: string; password: string }> {
  if (username !== '' && password !== '') return { username, password };
  if (context.stdin.isTTY !== true)
    throw new BoxliteError(
      'invalid-argument',
      'cannot perform an interactive login from a non-TTY device',
      { hint: 'give the name with --username and the password with --password-stdin' },
    );
  const prompt = new Prompt(context);
  const name = username === '' ? (await prompt.ask('Username: ')).trim() : username;
  if (name === '') throw new BoxliteError('invalid-argument', 'a user name is required');
  const secret = password === '' ? await prompt.askSecret('Password: ') : password;
  if (secret === '') throw new BoxliteError('invalid-argument', 'a password is required');
  return { username: name, password: secret };
}

function warnAboutFile(context: CommandContext, { helper, file }: LoginResult): void {
  if (helper !== undefined) return;
  say(
    context,
    '',
    `WARNING! Your credentials are stored unencrypted in '${file}'.`,
    'Configure a credential helper to remove this warning. See',
    'https://docs.docker.com/go/credential-store/',
    '',
  );
}
