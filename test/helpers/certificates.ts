import { join } from 'node:path';
import { execa } from 'execa';

export interface CertificateFiles {
  cert: string;
  key: string;
}

export interface TestAuthority extends CertificateFiles {
  /** A certificate for names and addresses: `DNS:registry.test`, `IP:127.0.0.1`. */
  issue(name: string, alternatives: readonly string[]): Promise<CertificateFiles>;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A private authority with its files in a directory; no system trusts it. */
export async function makeAuthority(directory: string, name = 'ca'): Promise<TestAuthority> {
  const authority = filesOf(directory, name);
  await openssl([
    ...['req', '-x509', ...KEY, '-subj', `/CN=${name}`, '-days', '2'],
    ...['-keyout', authority.key, '-out', authority.cert],
  ]);
  return {
    ...authority,
    issue: async (subject, alternatives) => {
      const files = filesOf(directory, subject);
      await openssl([
        ...['req', '-x509', ...KEY, '-subj', `/CN=${subject}`, '-days', '2'],
        ...['-CA', authority.cert, '-CAkey', authority.key],
        ...['-addext', `subjectAltName=${alternatives.join(',')}`],
        ...['-addext', 'basicConstraints=critical,CA:FALSE'],
        ...['-keyout', files.key, '-out', files.cert],
      ]);
      return files;
    },
  };
}

function filesOf(directory: string, name: string): CertificateFiles {
  return { cert: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) };
}

async function openssl(args: readonly string[]): Promise<void> {
  await execa('openssl', args);
}
