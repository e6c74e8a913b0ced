/**
 * A busybox built without time-outs for wget (Debian's before 13, Ubuntu's before 24.04) still accepts `-T
 * SECONDS`, but has nowhere to store the number and crashes with a segmentation fault (CVE-2026-76014). Many
 * health checks and scripts use `wget -T`.
 *
 * Its option string is one word of data. If `-T` takes a text instead of a number, wget ignores it and its
 * value, like its neighbours `-t` and `-n`; an added colon keeps the length, and has no meaning behind two
 * others.
 */
const NUMBER = Buffer.from('U:T:+t:n::\0');
const TEXT = Buffer.from('U:T:t:n:::\0');

/** A busybox whose wget ignores `-T`; one with other options is returned unchanged. */
export function ignoringWgetTimeout(busybox: Buffer): Buffer {
  const at = busybox.indexOf(NUMBER);
  if (at < 0 || busybox.includes(NUMBER, at + 1)) return busybox;
  const copy = Buffer.from(busybox);
  TEXT.copy(copy, at);
  return copy;
}
