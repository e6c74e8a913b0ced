import { type BoxSpec, settleSpec } from '../../spec/box-spec.js';

/** What a machine is told that has a volume and no box. */
export const lentSpec = (): BoxSpec =>
  settleSpec({ rootfs: { image: 'none' }, idle: true, network: 'none' }, NO_IMAGE, 'volume');

const NO_IMAGE = {
  ...{ architecture: '', os: '', user: '', workingDir: '' },
  ...{ env: [], entrypoint: null, cmd: null, exposedPorts: [], volumes: [], labels: {} },
  ...{ diffIds: [], history: [] },
};
