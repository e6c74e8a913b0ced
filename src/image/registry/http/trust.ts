import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { BoxliteError, fileError } from '../../../errors.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Where distributions keep the set that their administrators maintain; the list of Go's
 * `crypto/x509`.
 */
const SYSTEM_SETS = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Returns what TLS trusts; built on the first call, since it takes 50 ms. */
export type Trust = () => SecureContext;

/**
 * Reads the certificates (PEM) of private authorities.
 * @returns trust in Node's set, the system's (`SSL_CERT_FILE` overrides its path), those in
 * `NODE_EXTRA_CA_CERTS`, and the private ones
 * @throws BoxliteError `invalid-argument` for a file without a usable certificate, `permission`
 */
export async function readTrust(files: readonly string[]): Promise<Trust> {
  const own = (await Promise.all(files.map(readCertificates))).flat();
  let context: SecureContext | undefined;
  return () =>
    (context ??= contextOf([
      ...rootCertificates,
      ...systemSet(),
      ...optionalSet(process.env.NODE_EXTRA_CA_CERTS ?? ''),
      ...own,
    ]));
}

function contextOf(certificates: readonly string[]): SecureContext {
  // Most are in several sets, and each takes 0.2 ms to parse.
  const ca = [...new Map(certificates.map((each) => [each.replace(/\s/g, ''), each])).values()];
  try {
    return createSecureContext({ ca });
  } catch {
    // A set that we can't repair may contain a damaged certificate.
    return createSecureContext({ ca: ca.filter(isCertificate) });
  }
}

function systemSet(): string[] {
  const named = process.env.SSL_CERT_FILE ?? '';
  for (const file of named === '' ? SYSTEM_SETS : [named]) {
    const found = optionalSet(file);
    if (found.length > 0) return found;
  }
  return [];
}

/** A set that the user did not name: a missing file or a bad certificate adds nothing. */
function optionalSet(file: string): string[] {
  if (file === '') return [];
  try {
    return readFileSync(file, 'latin1').match(CERTIFICATE) ?? [];
  } catch {
    return [];
  }
}

async function readCertificates(file: string): Promise<string[]> {
  const text = await readFile(file, 'latin1').catch((error: unknown) => {
    throw fileError(error, `read ${file}`);
  });
  const certificates = text.match(CERTIFICATE) ?? [];
  const bad = certificates.find((each) => !isCertificate(each));
  if (certificates.length > 0 && bad === undefined) return certificates;
  const fault = bad === undefined ? 'holds no certificate' : 'holds a damaged certificate';
  throw new BoxliteError('invalid-argument', `${file} ${fault}`, {
    hint: 'give the certificate of the authority in PEM form (-----BEGIN CERTIFICATE-----)',
  });
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
