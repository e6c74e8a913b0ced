import type { DisconnectOptions } from './networks/disconnect.js';
import type { NetworkInfo } from './networks/info.js';
import type { NetworkAttachment } from './spec/network/named/asked-networks.js';
import type { NetworkOptions } from './spec/network/named/network-spec.js';
import type { EngineContext } from './state/context.js';

/** What a box is to have in a network; see `NetworkAttachment`. */
export type ConnectOptions = Omit<NetworkAttachment, 'name'>;

export interface NetworkPruneOptions {
  /** Remove only those for which it returns true. */
  matches?: (network: NetworkInfo) => boolean;
}

/**
 * The networks with names of a runtime's home: `runtime.networks`. Boxes of one network reach each other by
 * name and address; boxes of different networks do not.
 */
export class NetworkRuntime {
  readonly #context: () => EngineContext;

  /** @internal */
  constructor(context: () => EngineContext) {
    this.#context = context;
  }

  /**
   * Creates a network, without anything running: that begins with the first box that starts in it.
   * @throws name-taken; invalid-argument, also for a subnet that another network has; unsupported
   */
  async create(options: NetworkOptions): Promise<NetworkInfo> {
    const { createNetwork } = await import('./networks/create.js');
    return createNetwork(this.#context(), options);
  }

  /** All networks, by name. */
  async list(): Promise<NetworkInfo[]> {
    const { networkInfo } = await import('./networks/info.js');
    const context = this.#context();
    const records = context.database().networks.list();
    return Promise.all(records.map((record) => networkInfo(context, record)));
  }

  /**
   * Finds a network by full id, else name, else unambiguous prefix of an id; undefined if there is none.
   * @throws network-ambiguous
   */
  async get(nameOrId: string): Promise<NetworkInfo | undefined> {
    const context = this.#context();
    const record = context.database().networks.find(nameOrId);
    if (record === undefined) return undefined;
    const { networkInfo } = await import('./networks/info.js');
    return networkInfo(context, record);
  }

  /**
   * Removes a network that no running box is in. Boxes that do not run keep it in mind: they do not start
   * until they are disconnected from it (Docker's rule).
   * @throws network-not-found, network-in-use, network-ambiguous, box-busy
   */
  async remove(nameOrId: string): Promise<void> {
    const { removeNetwork } = await import('./networks/remove.js');
    return removeNetwork(this.#context(), nameOrId);
  }

  /** Removes the networks that no box is in, whether it runs or not. @returns their names */
  async prune(options: NetworkPruneOptions = {}): Promise<string[]> {
    const { pruneNetworks } = await import('./networks/remove.js');
    return pruneNetworks(this.#context(), options.matches);
  }

  /**
   * Attaches a box to a network. A running box is reached there at once.
   * @param box id, name or unambiguous prefix of an id
   * @throws network-not-found, box-not-found; invalid-argument, address-in-use, network-full; unsupported
   *   for a box without a network; box-state, box-busy
   */
  async connect(network: string, box: string, options: ConnectOptions = {}): Promise<void> {
    const { connectBox } = await import('./networks/connect.js');
    return connectBox(this.#context(), network, box, options);
  }

  /**
   * Detaches a box from a network; its addresses there become free. Also from one that has been removed. The network
   * that gives a running box its gateway and resolver stays until the box is stopped, `force` or not.
   * @param box id, name or unambiguous prefix of an id
   * @throws network-not-found, box-not-found; invalid-argument if it is not in the network; box-running, box-state, box-busy
   */
  async disconnect(network: string, box: string, options: DisconnectOptions = {}): Promise<void> {
    const { disconnectBox } = await import('./networks/disconnect.js');
    return disconnectBox(this.#context(), network, box, options);
  }
}
