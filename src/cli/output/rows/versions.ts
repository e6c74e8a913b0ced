import { VERSION } from '../../help/version.js';

/** Keys of Docker's client, as far as BoxLite has what they tell: it has no API and is not written in Go. */
export function clientVersion() {
  // There are no other contexts.
  return { ...programVersion(), Context: 'default' };
}

/** Scripts written for Docker ask for the server's: the program is both. */
export function versions() {
  const program = programVersion();
  const { Version, ...Details } = program;
  return {
    Client: clientVersion(),
    Server: {
      Platform: { Name: 'BoxLite' },
      ...program,
      Components: [{ Name: 'Engine', Version, Details }],
    },
  };
}

function programVersion() {
  return {
    Version: VERSION,
    NodeVersion: process.version,
    Os: process.platform,
    Arch: process.arch === 'x64' ? 'amd64' : process.arch,
  };
}
