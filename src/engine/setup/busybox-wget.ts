/**
 * Busybox that was built without time-outs for wget (Debian's before 13, Ubuntu's before 24.04) still has
 * `-T SECONDS` among wget's options, as a number to be stored nowhere: it ends by a segmentation fault
 * (CVE-2026-76014). Health checks and scripts are full of `wget -T`.
 *
 * Its option string is one word of data. Read as text, which has no place either, `-T` and its value are
 * passed over, as `-t` and `-n` are, beside which it stands; the colon makes up for the sign taken out, and
 * means nothing behind two others.
 */
const NUMBER = Buffer.from('U:T:+t:n::\0');
const TEXT = Buffer.from('U:T:t:n:::\0');

/** A busybox whose wget passes over `-T`; one that has other options is given back as it is. */
export function ignoringWgetTimeout(busybox: Buffer): Buffer {
  const at = busybox.indexOf(NUMBER);
  if (at < 0 || busybox.includes(NUMBER, at + 1)) return busybox;
  const copy = Buffer.from(busybox);
  TEXT.copy(copy, at);
  return copy;
}
