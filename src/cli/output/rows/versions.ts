import { VERSION } from '../../help/version.js';

/** The keys of Docker's client; those about an API or Go are empty, since BoxLite has neither. */
export function clientVersion() {
  // BoxLite has only one context.
  return { ...programVersion(), DefaultAPIVersion: '', Context: 'default' };
}

/** Scripts written for Docker ask for the server's version: the program is both. */
export function versions() {
  const program = programVersion();
  const { Version, ...Details } = program;
  return {
    Client: clientVersion(),
    Server: {
      Platform: { Name: 'BoxLite' },
      ...program,
      MinAPIVersion: '',
      Components: [{ Name: 'Engine', Version, Details }],
    },
  };
}

function programVersion() {
  return {
    Version: VERSION,
    ApiVersion: '',
    GitCommit: '',
    GoVersion: '',
    NodeVersion: process.version,
    Os: process.platform,
    Arch: process.arch === 'x64' ? 'amd64' : process.arch,
  };
}
