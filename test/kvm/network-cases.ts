import { get } from 'node:http';
import { type Case, check } from './case.js';
import type { SiteHome } from './site.js';

export function networkCases(home: SiteHome): Case[] {
  const serve = 'mkdir /www && hostname >/www/index.html && exec httpd -f -h /www';
  return [
    {
      title: 'a box of a network with a name is reached by that, and from the host by its port',
      limitS: 90,
      run: async () => {
        await home.ok(['network', 'create', 'app']);
        const flags = ['--hostname', 'host-of-web', '--network', 'app', '-p', '127.0.0.1:0:80'];
        await home.ok(['run', '-d', '--name', 'web', ...flags, 'busybox', 'sh', '-c', serve]);
        const ask = 'until wget -qO- http://web/; do sleep 0.2; done';
        const other = ['run', '--rm', '--network', 'app', 'busybox', 'sh', '-c', ask];
        const inNetwork = await home.ok(other, { limitS: 60 });
        const published = await home.ok(['port', 'web', '80']);
        const fromHost = await bodyAt(`http://${published}/`);
        await home.remove(['web']);
        await home.ok(['network', 'rm', 'app']);
        const seen = `by name: ${inNetwork}; ${published}: ${fromHost}`;
        check(inNetwork === 'host-of-web' && fromHost === inNetwork, seen);
        return seen;
      },
    },
  ];
}

function bodyAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 20_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve(body.trim()));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`${url} says nothing`)));
  });
}
