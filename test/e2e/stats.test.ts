import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOXLITE, start } from '../helpers/cli.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

beforeAll(async () => {
  await home.ok(['run', '-d', '--name', 'web', 'busybox', 'sleep', '600']);
  await home.ok(['create', '--name', 'never', 'busybox', 'true']);
});
afterAll(async () => {
  await home.ok(['rm', '-f', 'web', 'never']);
});

describe('stats', () => {
  it('--no-stream shows what runs, with -a all', async () => {
    const [header, row, ...rest] = (await home.ok(['stats', '--no-stream'])).split('\n');
    expect(header).toMatch(
      /^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/,
    );
    expect(row).toMatch(
      /^[0-9a-z]{12} +web +\d+\.\d\d% +\S+iB \/ 512MiB +\d+\.\d\d% +\S+B \/ \S+B +\S+B \/ \S+B +1$/,
    );
    expect(rest).toEqual([]);
    const all = await home.ok(['stats', '-a', '--no-stream', '--format', '{{.Name}} {{.PIDs}}']);
    expect(all.split('\n').sort()).toEqual(['never 0', 'web 1']);
  });

  it('json has both memories apart', async () => {
    const text = await home.ok(['stats', '--no-stream', '--format', 'json', 'web']);
    const row = JSON.parse(text) as Record<string, string>;
    expect(row.MemUsage).toMatch(/[KM]iB \/ 512MiB$/);
    expect(row.HostMem).toMatch(/^\d+(\.\d+)?MiB$/);
  });

  it('goes on line by line where there is no terminal', async () => {
    const running = home.start(['stats', '--format', '{{.Name}}!', 'web']);
    await running.output(/web!\nweb!\n/);
    running.child.kill('SIGINT');
    expect((await running.result).status).toBe(0);
  });

  it('ends cleanly by Ctrl-C on a terminal', async () => {
    const command = `stty cols 140 rows 40; exec '${BOXLITE}' stats`;
    const running = start('script', ['-qec', command, '/dev/null'], {
      env: { HOME: home.path, BOXLITE_HOME: home.path, TERM: 'xterm', SHELL: '/bin/sh' },
    });
    await running.output(/PIDS +HOST MEM[^]+web/);
    running.child.stdin.write('\x03');
    const { status, stdout } = await running.result;
    // The cursor is below the lines, whatever was shown last.
    expect([status, stdout.toString()]).toEqual([0, expect.stringMatching(/\r\n(\^C)?$/)]);
  });

  it('of one box ends with it', async () => {
    await home.ok(['run', '-d', '--rm', '--name', 'brief', 'busybox', 'sleep', '600']);
    const running = home.start(['stats', '--format', '{{.Name}}!', 'brief']);
    await running.output(/brief!/);
    await home.ok(['rm', '-f', 'brief']);
    expect((await running.result).status).toBe(0);
  });
});
