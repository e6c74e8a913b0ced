import { readdir } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { pullImage } from '../../src/image/transfer/pull.js';
import { failure } from '../helpers/failure.js';
import { blob, descriptor, json, makeImage, makeIndex, type TestImage } from '../helpers/images.js';
import { fake, newHome, QUICK } from '../helpers/pulls.js';

describe('a hostile registry', () => {
  let image: TestImage;
  beforeAll(async () => {
    image = await makeImage({ layers: [{ file: 'content' }] });
  });

  test('is refused when a blob has another digest', async () => {
    const home = await newHome();
    const registry = await fake([image], (request, response) => {
      if (request.url?.endsWith(image.layers[0]?.digest ?? '-') !== true) return false;
      response.end(Buffer.alloc(image.layers[0]?.size ?? 0));
      return true;
    });
    const error = await failure(pullImage(home, `${registry.host}/a`, QUICK));
    expect(error.code).toBe('image-corrupt');
    expect(error.message).toContain('has the digest');
    expect(await readdir(home.blobs('sha256'))).not.toContain(image.layers[0]?.digest.slice(7));
  });

  test('is refused when a blob goes on beyond its size', async () => {
    const registry = await fake([image], (request, response) => {
      if (request.url?.endsWith(image.config.digest) !== true) return false;
      response.write(image.config.bytes);
      response.end('and more');
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'image-corrupt' });
    expect(error.message).toContain('is longer than that');
  });

  test('is refused before a byte is read when it announces another size', async () => {
    const registry = await fake([image], (request, response) => {
      if (request.url?.endsWith(image.config.digest) !== true) return false;
      response.writeHead(200, { 'content-length': 1e15 });
      response.flushHeaders();
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error.code).toBe('image-corrupt');
    expect(error.message).toContain('has 1000000000000000 bytes');
  });

  test('is refused when the Content-Type is not the mediaType of the manifest', async () => {
    const registry = await fake([image], (request, response) => {
      if (request.url?.includes('/manifests/') !== true) return false;
      response.writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json' });
      response.end(image.manifest.bytes);
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'image-corrupt' });
    expect(error.message).toContain('calls itself');
  });

  test('is refused when a manifest by digest has another digest', async () => {
    const other = await makeImage({ layers: [{ file: 'forged' }] });
    const registry = await fake([image], (request, response) => {
      if (request.url?.includes('/manifests/') !== true) return false;
      response.writeHead(200, { 'content-type': other.manifest.mediaType });
      response.end(other.manifest.bytes);
      return true;
    });
    const reference = `${registry.host}/a@${image.manifest.digest}`;
    expect((await failure(pullImage(await newHome(), reference, QUICK))).code).toBe(
      'image-corrupt',
    );
  });

  test('is refused when it nests indexes without end', async () => {
    let top = makeIndex([image]);
    const all = [top];
    for (let level = 0; level < 8; level++) {
      const manifests = [{ ...descriptor(top) }];
      top = json(top.mediaType, { schemaVersion: 2, mediaType: top.mediaType, manifests });
      all.unshift(top);
    }
    const registry = await fake([image], undefined, all);
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error.message).toContain('nests indexes');
  });

  test('is refused when it sends a manifest of the old schema', async () => {
    const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    const old = blob(type, Buffer.from('{"schemaVersion":1,"fsLayers":[]}'));
    const registry = await fake([], undefined, [old]);
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'unsupported' });
    expect(error.message).toContain('schema 1');
  });

  test('is refused when it sends a manifest without end', async () => {
    const registry = await fake([image], (_request, response) => {
      response.writeHead(200, { 'content-type': image.manifest.mediaType });
      response.end(Buffer.alloc(5 * 1024 * 1024, ' '));
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error.code).toBe('registry-protocol');
  });

  test('does not get its redirect followed for ever', async () => {
    const registry = await fake([image], (request, response) => {
      response.writeHead(307, { location: request.url }).end();
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error.message).toContain('redirects more than');
  });
});
