/**
 * Docker's flags that a box does not need or does not support yet: each gets an error that names an
 * alternative. None is silently ignored.
 */
import { BoxliteError } from '../../errors.js';
import { flag, type Option, type OptionValues } from './command.js';

const CPU = 'a box has virtual CPUs: say how many by --cpus';
const BLOCK_IO = 'the disk of a box has no limits of speed';
const LINK = 'boxes find each other by name in a network: `boxlite network create`, then --network';
const LINK_LOCAL = "a box's link-local address can't be chosen";

/** Flags with a value. */
const VALUES: Readonly<Record<string, string>> = {
  'blkio-weight': BLOCK_IO,
  'blkio-weight-device': BLOCK_IO,
  'cpu-count': CPU,
  'cpu-percent': CPU,
  'device-read-bps': BLOCK_IO,
  'device-read-iops': BLOCK_IO,
  'device-write-bps': BLOCK_IO,
  'device-write-iops': BLOCK_IO,
  gpus: 'devices of the host are not given to boxes',
  'io-maxbandwidth': BLOCK_IO,
  'io-maxiops': BLOCK_IO,
  link: LINK,
  'link-local-ip': LINK_LOCAL,
};

/** Flags that are on or off. */
const SWITCHES: Readonly<Record<string, string>> = {
  'use-api-socket': 'there is no daemon',
};

/** The flags that Docker's `update` has too. */
const OF_UPDATE = ['blkio-weight'];

const CHECKPOINT = "the memory of a box can't be kept: `boxlite commit` keeps its files";

/** The flags refused by `run` and `create`. */
export const REFUSED_FLAGS = {
  ...refused(VALUES, 'VALUE'),
  ...refused(SWITCHES, undefined),
};

export const REFUSED_BY_START = refused(
  { checkpoint: CHECKPOINT, 'checkpoint-dir': CHECKPOINT },
  'VALUE',
);

export const REFUSED_BY_IMAGES = refused(
  { tree: 'an image that is here is for one platform; `boxlite history` shows what it is made of' },
  undefined,
);

export const REFUSED_BY_RM = refused({ link: 'boxes have no links between them' }, undefined, {
  link: 'l',
});

const CONFIG = 'a network has no configuration apart from itself: give --subnet and the others';

export const REFUSED_BY_NETWORK_CREATE = {
  ...refused({ 'config-from': CONFIG, 'ipam-opt': 'addresses have no options' }, 'VALUE'),
  ...refused(
    { 'config-only': CONFIG, ingress: 'boxes are of one machine, not of a cluster' },
    undefined,
  ),
};

export const REFUSED_BY_NETWORK_CONNECT = refused(
  {
    'driver-opt': 'an attachment has no options',
    'gw-priority': 'a box leaves by the first of its networks that is not internal',
    link: 'boxes of a network find each other by name: give it another one by --alias',
    'link-local-ip': LINK_LOCAL,
  },
  'VALUE',
);

const CLUSTER_VOLUME = 'volumes are of one machine, not of a cluster';

export const REFUSED_BY_VOLUME_CREATE = refused(
  Object.fromEntries(
    [
      ...['availability', 'group', 'limit-bytes', 'required-bytes', 'scope', 'secret', 'sharing'],
      ...['topology-preferred', 'topology-required', 'type'],
    ].map((name) => [name, CLUSTER_VOLUME]),
  ),
  'VALUE',
);

export const REFUSED_BY_VOLUME_LS = refused({ cluster: CLUSTER_VOLUME }, undefined);

export const REFUSED_BY_UPDATE = Object.fromEntries(
  Object.entries(REFUSED_FLAGS).filter(([name]) => OF_UPDATE.includes(name)),
);

/** `--platform` of the commands for stored images. */
export const REFUSED_PLATFORM = refused(
  { platform: 'an image that is here is for one platform: name it by its tag or its id' },
  'OS/ARCH[/VARIANT]',
);

/** Docker's flag, whose default describes what BoxLite does. */
export const CONTENT_TRUST = {
  'disable-content-trust': flag('Signatures of images are not looked at', {
    initial: true,
    hidden: true,
  }),
};

/** @throws unsupported for `--disable-content-trust=false` */
export function checkContentTrust(values: OptionValues<typeof CONTENT_TRUST>): void {
  if (values['disable-content-trust']) return;
  throw new BoxliteError('unsupported', 'signatures of images are not looked at', {
    hint: 'leave out --disable-content-trust=false',
  });
}

function refused(
  reasons: Readonly<Record<string, string>>,
  placeholder: string | undefined,
  shorts: Readonly<Record<string, string>> = {},
): Readonly<Record<string, Option<undefined>>> {
  return Object.fromEntries(
    Object.entries(reasons).map(([name, reason]) => [
      name,
      {
        ...(shorts[name] !== undefined && { short: shorts[name] }),
        summary: reason,
        hidden: true,
        placeholder,
        repeatable: false,
        parse: () => {
          throw new BoxliteError('unsupported', reason);
        },
        initial: undefined,
      },
    ]),
  );
}
