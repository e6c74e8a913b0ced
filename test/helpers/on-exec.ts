import { FakePeer, type Script } from './fake-shim.js';

/** A shim that greets and then answers each EXEC. */
export function onExec(answer: (peer: FakePeer, session: number) => unknown): Script {
  return (peer) => {
    peer.welcome().on('exec', ({ session }) => answer(peer, session));
  };
}
