import { parseArgs } from 'node:util';

export interface BenchArguments {
  help: boolean;
  /** Runs of each quick case. */
  runs: number;
  /** Where the figures go as JSON. */
  json: string | undefined;
  /** Options for `boxlite setup`. */
  setup: string[];
  podman: boolean;
  /** Pulls instead of boxes. */
  pull: boolean;
  /** OCI layout of the image to pull, and the name it has there. */
  layout: string | undefined;
  /** The network instead of boxes. */
  network: boolean;
  /** Volumes instead of boxes. */
  volumes: boolean;
}

export const USAGE = `Usage: npm run bench -- [OPTIONS]

Times BoxLite beside its peers and prints medians and ratios. Nothing is asserted.

  -n, --runs N      runs of each case (default 11; a cold start gets a third as many)
      --quick       3 runs: does it still work?
      --json FILE   write all figures there as well
      --kernel FILE, --modules DIR
                    as for boxlite setup
      --no-podman   leave podman out
      --pull        times pulls from a registry of its own beside skopeo and
                    umoci, instead of boxes
      --layout DIR:TAG
                    the image to pull (default: a Debian with python3, which is
                    made by debootstrap once and kept in the user's cache)
      --network     times the network beside QEMU's own and passt, instead of
                    boxes, with the guest kernel that setup has made
      --volumes     times files of a box's disk and of volumes beside podman's,
                    instead of boxes
`;

const DEFAULT_RUNS = 11;
const QUICK_RUNS = 3;

/** @throws Error that says what is wrong with the arguments */
export function parseArguments(argv: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', short: 'n' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      kernel: { type: 'string' },
      modules: { type: 'string' },
      'no-podman': { type: 'boolean', default: false },
      pull: { type: 'boolean', default: false },
      layout: { type: 'string' },
      network: { type: 'boolean', default: false },
      volumes: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { quick, json, kernel, modules, help, pull, layout, network, volumes } = values;
  const runs = values.runs === undefined ? undefined : wholeNumber(values.runs);
  return {
    help,
    runs: runs ?? (quick ? QUICK_RUNS : DEFAULT_RUNS),
    json,
    setup: Object.entries({ kernel, modules }).flatMap(([name, path]) =>
      path === undefined ? [] : [`--${name}`, path],
    ),
    podman: !values['no-podman'],
    pull,
    layout,
    network,
    volumes,
  };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--runs takes a whole number from 1 on, not ${text}`);
  return number;
}
