// Which master takes which key, and how each is to be reached: straight from the source or through us. Follows slots that
// move while the import runs. Not here: finding out whether a way works (probe.ts).
import type { Cluster } from '../apply/open-cluster.js';
import type { Connection } from '../client/connection.js';
import type { NodeCredentials } from '../client/migrate-command.js';
import type { ClusterNode } from '../cluster/view.js';
import { keySlot } from '../cluster/slots.js';
import { TribError } from '../errors.js';

/** `unknown` until the first keys have been there. */
export type Way = 'unknown' | 'direct' | 'relay';

export class Route {
  way: Way = 'unknown';
  /** MIGRATEs in a row that failed on the way. */
  failures = 0;
  /** The attempt to find out, shared by the batches that wait for it. */
  probing: Promise<void> | undefined;

  constructor(
    readonly id: string,
    readonly name: string,
    /** Where the cluster says it is: what a source is told. */
    readonly host: string,
    readonly port: number,
    /** What the source gets in with. */
    readonly credentials: NodeCredentials,
  ) {}
}

export class Routes {
  private readonly routes = new Map<string, Route>();
  private owners: readonly (ClusterNode | undefined)[] = [];
  private refreshing: Promise<void> | undefined;

  constructor(private readonly cluster: Cluster) {
    this.owners = cluster.view.owners();
  }

  /** Throws TribError UNCOVERED for a slot that nobody serves. */
  of(key: string): Route {
    const slot = keySlot(key);
    const owner = this.owners[slot];
    if (owner === undefined) throw new TribError('UNCOVERED', `No node serves slot ${slot}`, { hint: 'run check and fix, then the import again: it goes on where it stopped' });
    let route = this.routes.get(owner.id);
    if (route === undefined) this.routes.set(owner.id, (route = new Route(owner.id, owner.name, owner.host, owner.port, this.cluster.links.get(owner.id)?.credentials ?? {})));
    return route;
  }

  /** Reads the owners anew; several callers share one read. Fails silently: the next error brings it back. */
  refresh(): Promise<void> {
    this.refreshing ??= this.cluster
      .refresh()
      .then((view) => void (this.owners = view.owners().map((owner, slot) => owner ?? this.owners[slot]))) // until somebody takes over
      .catch(() => undefined)
      .finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  /** Our own connection to a target. */
  connection(route: Route): Promise<Connection> {
    return this.cluster.connection(route.id);
  }
}
