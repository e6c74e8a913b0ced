import { BoxliteError } from '../../errors.js';

/** OCI names: `linux`, `amd64`, `v8`. */
export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
}

const ARCHITECTURES: Record<string, string> = {
  x64: 'amd64',
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  ia32: '386',
  i386: '386',
  i686: '386',
  armhf: 'arm',
  armel: 'arm',
};

/** What this machine's boxes run: Linux on the host's own architecture. */
export function hostPlatform(): Platform {
  return normalise({ os: 'linux', architecture: process.arch });
}

/**
 * Names that, given alone, mean an operating system or an architecture, as in Go and containerd.
 */
const SYSTEMS: ReadonlySet<string> = new Set([
  ...['aix', 'android', 'darwin', 'dragonfly', 'freebsd', 'hurd', 'illumos', 'ios', 'js', 'linux'],
  ...['nacl', 'netbsd', 'openbsd', 'plan9', 'solaris', 'windows', 'zos'],
]);
const KNOWN_ARCHITECTURES: ReadonlySet<string> = new Set([
  ...['386', 'amd64', 'arm', 'armbe', 'arm64', 'arm64be', 'loong64', 'mips', 'mipsle', 'mips64'],
  ...['mips64le', 'ppc', 'ppc64', 'ppc64le', 'riscv', 'riscv64', 's390', 's390x', 'sparc'],
  ...['sparc64', 'wasm'],
]);

/**
 * Parses `os/arch[/variant]`, or one of the first two alone, as `--platform` takes it: accepts any
 * spelling that containerd's `platforms` knows and returns the normalised one.
 * @throws BoxliteError `invalid-argument`
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  const ok = parts.length <= 3 && parts.every((part) => /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(part));
  if (!ok)
    throw new BoxliteError('invalid-argument', `invalid platform ${JSON.stringify(text)}`, {
      hint: 'write it as OS/ARCH[/VARIANT], for example linux/arm64',
    });
  const [first = '', second, variant] = parts;
  if (second !== undefined)
    return normalise({ os: first, architecture: second, ...(variant ? { variant } : {}) });
  const { architecture } = hostPlatform();
  const system = normalise({ os: first, architecture });
  if (SYSTEMS.has(system.os)) return system;
  const machine = normalise({ os: 'linux', architecture: first });
  if (KNOWN_ARCHITECTURES.has(machine.architecture)) return machine;
  throw new BoxliteError(
    'invalid-argument',
    `invalid platform ${JSON.stringify(text)}: neither an operating system nor an architecture that is known`,
    { hint: 'write it as OS/ARCH[/VARIANT], for example linux/arm64' },
  );
}

/**
 * Reads what `formatPlatform` wrote. An image may specify only a part of its platform; that is kept
 * as it is.
 */
export function readPlatform(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/');
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/**
 * Those of `offered` that can run where `wanted` is asked for, best first and otherwise in order.
 * An exact variant comes before one that the CPU also runs (arm v7 runs v6 and v5, amd64 v3 runs v2
 * and v1), as in the table of variants in OCI image-index.md. Last come, as in containerd's
 * `platforms`, the 32-bit ones that a 64-bit processor runs.
 */
export function rankPlatforms<T extends { platform?: Platform }>(
  offered: readonly T[],
  wanted: Platform,
): T[] {
  return runnable(normalise(wanted)).flatMap((each) =>
    offered.filter(({ platform }) => {
      if (platform === undefined) return false;
      const { os, architecture, variant } = normalise(platform);
      return os === each.os && architecture === each.architecture && variant === each.variant;
    }),
  );
}

/**
 * Whether a stored image matches the requested platform. An image without a platform, or without a
 * variant of its architecture, matches any.
 */
export function answersTo(platform: Platform, wanted: Platform): boolean {
  const { os, architecture, variant } = platform;
  if (os === '' || architecture === '') return true;
  if (rankPlatforms([{ platform }], wanted).length > 0) return true;
  return variant === undefined && sameMachine(platform, wanted);
}

/** Operating system and architecture agree; variants are not compared. */
export function sameMachine(a: Platform, b: Platform): boolean {
  const left = normalise(a);
  const right = normalise(b);
  return left.os === right.os && left.architecture === right.architecture;
}

/**
 * Without an index, an image may be for any platform, or not specify one.
 * @param wanted undefined for this machine's, whatever the variant
 * @param what the image, for the message
 * @throws BoxliteError `image-not-found`
 */
export function checkPlatform(
  platform: Platform,
  wanted: Platform | undefined,
  what: string,
  hint: string,
): void {
  const asked = wanted ?? hostPlatform();
  if (answersTo(platform, asked)) return;
  if (wanted === undefined && sameMachine(platform, asked)) return;
  throw new BoxliteError(
    'image-not-found',
    `${what} is an image for ${formatPlatform(platform)}, not ${formatPlatform(asked)}`,
    { hint },
  );
}

/** One spelling per platform: arm64 implies v8, amd64 implies v1, and arm means v7. */
function normalise(platform: Platform): Platform {
  const system = platform.os.toLowerCase();
  const os = system === 'macos' ? 'darwin' : system;
  const written = platform.architecture.toLowerCase();
  const architecture = ARCHITECTURES[written] ?? written;
  let variant = platform.variant?.toLowerCase();
  if (variant !== undefined && /^[0-9]/.test(variant)) variant = `v${variant}`;
  if (architecture === 'arm64' && (variant === 'v8' || variant === '')) variant = undefined;
  if (architecture === 'amd64' && (variant === 'v1' || variant === '')) variant = undefined;
  if (architecture === 'arm' && (variant === undefined || variant === ''))
    variant = written === 'armel' ? 'v6' : 'v7';
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

/** The lowest and the highest variant of the architectures whose variants are levels of one CPU. */
const LEVELS: Readonly<Record<string, readonly [lowest: number, highest: number]>> = {
  arm: [5, 8],
  amd64: [1, 4],
};

/** Best first. */
function runnable({ os, architecture, variant }: Platform): Platform[] {
  const own = variantsBelow(architecture, variant).map((each) =>
    normalise({ os, architecture, ...(each !== undefined && { variant: each }) }),
  );
  if (architecture === 'amd64') return [...own, { os, architecture: '386' }];
  if (architecture === 'arm64')
    return [...own, ...runnable({ os, architecture: 'arm', variant: 'v8' })];
  return own;
}

function variantsBelow(architecture: string, variant: string | undefined): (string | undefined)[] {
  const [lowest = NaN, highest = NaN] = LEVELS[architecture] ?? [];
  const level = Number(variant?.slice(1));
  if (Number.isInteger(level) && level >= lowest && level <= highest)
    return Array.from({ length: level - lowest + 1 }, (_, below) => `v${level - below}`);
  return variant === undefined ? [undefined] : [variant, undefined];
}
