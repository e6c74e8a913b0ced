import { BoxliteError } from '../errors.js';

/** OCI words: `linux`, `amd64`, `v8`. */
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
 * Parses `os/arch[/variant]`, or an architecture alone, as `--platform` takes it.
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
  if (second === undefined) return normalise({ os: 'linux', architecture: first });
  return normalise({ os: first, architecture: second, ...(variant ? { variant } : {}) });
}

export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/**
 * Those of `offered` that can run where `wanted` is asked for, best first and otherwise in order: an
 * exact variant before one the CPU also runs (arm v7 runs v6 and v5, amd64 v3 runs v2 and v1), as the
 * table of variants in OCI image-index.md has it.
 */
export function rankPlatforms<T extends { platform?: Platform }>(
  offered: readonly T[],
  wanted: Platform,
): T[] {
  return runnableVariants(normalise(wanted)).flatMap((variant) =>
    offered.filter((entry) => {
      if (entry.platform === undefined) return false;
      const platform = normalise(entry.platform);
      return sameMachine(platform, wanted) && platform.variant === variant;
    }),
  );
}

/** Operating system and architecture agree; variants are not compared. */
export function sameMachine(a: Platform, b: Platform): boolean {
  const left = normalise(a);
  const right = normalise(b);
  return left.os === right.os && left.architecture === right.architecture;
}

/**
 * What has no index may be an image of any platform, or of none that it tells.
 * @param what the image, for the message
 * @throws BoxliteError `image-not-found`
 */
export function checkPlatform(
  platform: Platform,
  wanted: Platform,
  what: string,
  hint: string,
): void {
  const { os, architecture } = platform;
  if (os === '' || architecture === '' || sameMachine(platform, wanted)) return;
  throw new BoxliteError(
    'image-not-found',
    `${what} is an image for ${formatPlatform(platform)}, not ${formatPlatform(wanted)}`,
    { hint },
  );
}

/** One spelling a platform: arm64 is v8 and amd64 is v1 without saying so, arm is v7. */
function normalise(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
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

function runnableVariants({ architecture, variant }: Platform): (string | undefined)[] {
  const [lowest = NaN, highest = NaN] = LEVELS[architecture] ?? [];
  const level = Number(variant?.slice(1));
  if (Number.isInteger(level) && level >= lowest && level <= highest) {
    const levels = Array.from({ length: level - lowest + 1 }, (_, below) => `v${level - below}`);
    return levels.map((each) => normalise({ os: '', architecture, variant: each }).variant);
  }
  return variant === undefined ? [undefined] : [variant, undefined];
}
