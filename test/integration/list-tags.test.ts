import { afterEach, describe, expect, it } from 'vitest';
import { listTags } from '../../src/image/transfer/list-tags.js';
import { type FakeRegistry, startFakeRegistry } from '../helpers/fake-registry.js';

const registries: FakeRegistry[] = [];
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.stop();
});

/** A registry whose answers to each path below `/v2/` are given: JSON, and where the next page is. */
async function serving(
  answer: (path: string) => { json: unknown; next?: string } | undefined,
): Promise<FakeRegistry> {
  const registry = await startFakeRegistry([], (request, response) => {
    const found = answer((request.url ?? '').slice('/v2/'.length));
    if (found === undefined) return false;
    const link = found.next === undefined ? {} : { link: `<${found.next}>; rel="next"` };
    response.writeHead(200, { 'content-type': 'application/json', ...link });
    response.end(JSON.stringify(found.json));
    return true;
  });
  registries.push(registry);
  return registry;
}

const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the tags of a repository', () => {
  it('come page by page, in the order of the registry', async () => {
    const pages: Record<string, { json: unknown; next?: string }> = {
      'team/app/tags/list?n=1000': {
        json: { name: 'team/app', tags: ['v2', 'v10'] },
        next: '/v2/team/app/tags/list?last=v10&n=2',
      },
      'team/app/tags/list?last=v10&n=2': { json: { tags: ['latest'] }, next: '?last=latest' },
      'team/app/tags/list?last=latest': { json: { tags: null } },
    };
    const { host } = await serving((path) => pages[path]);
    expect(await listTags(`${host}/team/app`)).toEqual([
      `${host}/team/app:v2`,
      `${host}/team/app:v10`,
      `${host}/team/app:latest`,
    ]);
  });

  it('are asked for where the name leads, whatever a registry says of the next page', async () => {
    const other = await serving(() => ({ json: { tags: ['stolen'] } }));
    const { host, requests } = await serving((path) =>
      path.endsWith('?n=1000')
        ? { json: { tags: ['a'] }, next: `http://${other.host}/v2/x/tags/list?last=a` }
        : { json: { tags: ['b'] } },
    );
    expect(await listTags(`${host}/app`)).toEqual([`${host}/app:a`, `${host}/app:b`]);
    expect(requests.at(-1)?.path).toBe('/v2/app/tags/list?last=a');
    expect(other.requests).toEqual([]);
  });

  it('come from the first registry of the search list that has the repository', async () => {
    const without = await serving(() => undefined);
    const having = await serving(() => ({ json: { tags: ['v1'] } }));
    const options = { registries: [without.host, `${having.host}/team`] };
    expect(await listTags('app', options)).toEqual([`${having.host}/team/app:v1`]);
    const error = await failureOf(listTags('app', { registries: [without.host, without.host] }));
    expect(error).toMatchObject({ code: 'image-not-found' });
  });

  it.each([
    ['a tag that is none', ['fine', 'not/one'], 'must not hold "not/one"'],
    ['control characters', ['\u001b[2J'], 'must not hold "\\u001b[2J"'],
    ['what is no list', 'v1', 'must be an array'],
  ])('are refused with %s', async (_what, tags, said) => {
    const { host } = await serving(() => ({ json: { tags } }));
    const error = await failureOf(listTags(`${host}/app`));
    expect(error).toMatchObject({ code: 'registry-protocol' });
    expect(String(error)).toContain(said);
  });

  it('end, also where a registry goes round in a circle', async () => {
    const { host, requests } = await serving(() => ({ json: { tags: ['a'] }, next: '?last=a' }));
    const error = await failureOf(listTags(`${host}/app`));
    expect(error).toMatchObject({
      code: 'registry-protocol',
      message: `the list of the tags of ${host}/app does not end`,
    });
    expect(requests.length).toBe(500);
  });
});
