import { BoxReports } from './box-reports.js';
import { policyAtStart } from './machine/box-network.js';
import { attachedNetworks } from './networks/memberships.js';
import { networkLog, type NetworkLogEntry, type NetworkLogOptions } from './report/network-log.js';
import { allInternal } from './spec/network/named/box-attachment.js';
import { type NetworkPolicy, networkPolicy } from './spec/network/policy.js';
import type { NetPolicyChange } from './spec/network/policy-change.js';
import type { PortOptions, PublishedPort, PublishOptions } from './spec/network/ports.js';
import { specOf } from './spec/stored-spec.js';

/** What can change about the network of a box, also while it runs. Programs use `LiteBox`, which extends this class. */
export abstract class BoxNetworking extends BoxReports {
  /**
   * Publishes ports of the box: at once if it runs, else from its next start on. They stay until `unpublish`.
   * @param ports as in `BoxOptions.ports`
   * @returns them with the host's ports; 0 where the system chooses one when the box starts
   * @throws invalid-argument, unsupported; permission or host-io for a port that the host refuses, and then none is
   *   published; box-state, box-busy, box-not-found
   */
  async publish(
    ports: readonly (PortOptions | string)[],
    options: Pick<PublishOptions, 'publishAddress'> = {},
  ): Promise<PublishedPort[]> {
    const { publishPorts } = await import('./lifecycle/publish.js');
    return publishPorts(this.context, this.id, { ...options, ports });
  }

  /**
   * Takes published ports back. Connections that are open stay.
   * @param ports `80/tcp` wherever it is published, or as it was published: `8080:80`
   * @returns those that are published no more
   * @throws invalid-argument when the box does not publish one of them, and then all stay; box-state, box-busy,
   *   box-not-found
   */
  async unpublish(ports: readonly (PortOptions | string)[]): Promise<PublishedPort[]> {
    const { unpublishPorts } = await import('./lifecycle/publish.js');
    return unpublishPorts(this.context, this.id, ports);
  }

  /**
   * What the box reached and what it was kept from, oldest first, where its policy has `log`. Bounded in size and rate.
   * @throws box-not-found, unsupported when nothing is logged
   */
  networkLog(options: NetworkLogOptions = {}): AsyncGenerator<NetworkLogEntry, void, undefined> {
    return networkLog(this.context, this.id, options);
  }

  /** What the box may reach. @throws box-not-found */
  networkPolicy(): NetworkPolicy {
    const { id, options } = this.record();
    const spec = specOf(options);
    const inside = allInternal(attachedNetworks(this.context.database(), id));
    return networkPolicy({ ...spec, ...policyAtStart(spec, inside) });
  }

  /**
   * Changes what the box may reach: at once if it runs, and connections that the new policy shuts are cut.
   * @throws invalid-argument, also for what could not be enforced, and for removing the last rule that allows
   *   something without saying what is reached then; box-state, box-busy, box-not-found
   */
  async changeNetworkPolicy(change: NetPolicyChange): Promise<void> {
    const { changePolicy } = await import('./lifecycle/change-policy.js');
    await changePolicy(this.context, this.id, change);
  }
}
