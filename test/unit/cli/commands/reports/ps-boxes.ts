import type { BoxInfo } from '../../../../../src/engine/state/box-info.js';
import { BoxliteError } from '../../../../../src/errors.js';
import { boxInfo, NOW, type Outcome, runCli } from '../../fake-world.js';

export const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);

export const BOXES: BoxInfo[] = [
  boxInfo({ id: '01kaz3v5h8000000000000000d', name: 'web', labels: { app: 'a', tier: 'front' } }),
  boxInfo({
    id: '01kaz3v5h8000000000000000c',
    name: 'job',
    status: 'stopped',
    image: 'docker.io/library/busybox:1',
    command: ['sh', '-c', 'echo "a long command"'],
    createdAt: ago(16 * 86_400),
    startedAt: ago(15 * 86_400),
    finishedAt: ago(14 * 86_400),
    exitCode: 137,
    labels: { app: 'b' },
  }),
  boxInfo({
    id: '01kaz3v5h8000000000000000b',
    name: 'new',
    network: 'none',
    volumes: [{ hostPath: '/srv/data', guestPath: '/data', readOnly: true }],
    status: 'configured',
    createdAt: ago(30 * 86_400),
    startedAt: undefined,
    labels: { app: 'a' },
  }),
  boxInfo({
    id: '01kaz3v5h8000000000000000a',
    name: 'odd',
    status: 'unknown',
    createdAt: ago(40 * 86_400),
  }),
];

export const ps = (...flags: string[]): Promise<Outcome> => runCli(['ps', ...flags], engine(BOXES));

export function engine(boxes: BoxInfo[]): object {
  return {
    listInfo: () => Promise.resolve(boxes),
    inspectImage: (name: string) =>
      name === 'Not:a/name'
        ? Promise.reject(new BoxliteError('invalid-argument', 'invalid image reference'))
        : Promise.resolve(name === 'other-name' ? { id: boxes[0]?.imageId } : undefined),
  };
}
