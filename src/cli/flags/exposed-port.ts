import { BoxliteError } from '../../errors.js';

/** `80`, `53/udp`, `8000-8010/tcp` → `80/tcp`, …, one entry per port. */
export function parseExposedPorts(text: string): string[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const first = Number(match?.[1] ?? NaN);
  const last = Number(match?.[2] ?? first);
  if (!(first >= 1 && first <= last && last <= 65_535))
    throw new BoxliteError('invalid-argument', `invalid range format for --expose: ${text}`);
  const protocol = (match?.[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol}`);
}
