// A cluster to work with: loaded, checked, changed by plans. What programs and subcommands hold in their hands.
// Not here: how loading works (load.ts), what steps do (apply-plan.ts), new clusters (create.ts).
import type { Address } from '../cluster/address.js';
import { parseAddress } from '../cluster/address.js';
import type { CheckReport } from '../cluster/findings.js';
import { checkView } from '../cluster/findings.js';
import type { ClusterView } from '../cluster/view.js';
import { Admin } from '../client/admin.js';
import type { Connection } from '../client/connection.js';
import { TribError } from '../errors.js';
import type { Step } from '../plan/step.js';
import { waitForAgreement } from './agreement.js';
import type { AgreementOptions } from './agreement.js';
import type { ApplyOptions } from './apply-plan.js';
import { unlessAborted } from './delay.js';
import type { ApplyStats } from './event.js';
import type { LoadedCluster } from './load.js';
import { loadCluster } from './load.js';
import type { ClusterOptions, NodeLink } from './node-link.js';

/** One node of the cluster: `host:port` or its parts. */
export type Seed = string | Address;

export interface CheckOptions {
  /** Also ask every master for keys in slots it doesn't own (cli 2.4 step 5). */
  readonly searchMultipleOwners?: boolean;
}

export class Cluster {
  private loaded: LoadedCluster;
  private closed = false;

  /** @internal use openCluster */
  constructor(
    loaded: LoadedCluster,
    private readonly seeds: readonly Address[],
    readonly options: ClusterOptions,
  ) {
    this.loaded = loaded;
  }

  /** The cluster as it was when loaded, last refreshed, or last changed by `apply`. */
  get view(): ClusterView {
    return this.loaded.view;
  }

  /** The ways to all loaded nodes, by id. */
  get links(): ReadonlyMap<string, NodeLink> {
    return this.loaded.links;
  }

  /** The shared connection to a node; dialled again when it broke. Throws TribError NO_SUCH_NODE. */
  connection(id: string): Promise<Connection> {
    return this.link(id).connection();
  }

  async admin(id: string): Promise<Admin> {
    return new Admin(await this.connection(id));
  }

  /** Asks all nodes anew, over the connections there are. */
  async refresh(): Promise<ClusterView> {
    const others = this.view.nodes.map((node) => ({ host: node.connectHost, port: node.connectPort }));
    this.loaded = await loadCluster([...this.seeds, ...others], this.options, this.loaded.links);
    if (this.closed) this.close();
    return this.view;
  }

  /** Judges the view as loaded; asks the nodes only when searching for keys in foreign slots. */
  async check(options: CheckOptions = {}): Promise<CheckReport> {
    if (options.searchMultipleOwners !== true) return checkView(this.view);
    const { findKeyHolders } = await import('./search-owners.js');
    return checkView(this.view, await findKeyHolders(this));
  }

  /**
   * The view when the slots are in order. Nodes that only don't agree yet get `waitMs` (default 5000) to do so. Throws
   * TribError UNHEALTHY otherwise.
   */
  async healthyView(waitMs = 5000): Promise<ClusterView> {
    const report = await this.check();
    if (!report.agreement) {
      await this.waitForAgreement({ timeoutMs: waitMs }).catch(() => undefined);
      await this.refresh();
    }
    const { findings } = await this.check();
    const [first] = findings.filter((finding) => finding.severity === 'error' && finding.kind !== 'unreachable-node');
    if (first === undefined) return this.view;
    throw new TribError('UNHEALTHY', '*** Please fix your cluster problems first', { hint: `look with check, repair with fix (${first.kind})` });
  }

  /** Waits until all loaded nodes give the same account of the slots. */
  waitForAgreement(options: AgreementOptions = {}): Promise<void> {
    return unlessAborted(waitForAgreement([...this.links.values()], options), options.signal);
  }

  /** Carries out a plan (or bare steps); see applySteps and moveSlots for what it throws. Refresh to see the result. */
  async apply(plan: { readonly steps: readonly Step[] }, options: ApplyOptions = {}): Promise<ApplyStats> {
    const { applySteps } = await import('./apply-plan.js'); // with the mover, which looking at a cluster doesn't need
    const fresh = async (): Promise<ClusterView> => {
      const view = await this.refresh();
      if ((await this.check()).agreement) return view;
      await this.waitForAgreement({ timeoutMs: options.agreementTimeoutMs ?? 10_000, ...(options.signal ? { signal: options.signal } : {}) });
      return this.refresh();
    };
    const links = (): ReadonlyMap<string, NodeLink> => this.links;
    const context = {
      view: fresh,
      get links() {
        return links();
      },
    };
    try {
      return await applySteps(context, plan.steps, options);
    } finally {
      if (!this.closed) await this.refresh().catch(() => undefined);
    }
  }

  close(): void {
    this.closed = true;
    for (const link of this.links.values()) link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  private link(id: string): NodeLink {
    const link = this.links.get(this.view.node(id)?.id ?? id);
    if (link === undefined) throw new TribError('NO_SUCH_NODE', `No such node ${id}`);
    return link;
  }
}

/**
 * Opens the cluster behind the first seed that answers. Throws TribError with exit code 3 (not reachable, credentials
 * refused, NOT_A_CLUSTER) or BAD_ADDRESS (2). Close it, or declare it with `await using`.
 */
export async function openCluster(seeds: Seed | readonly Seed[], options: ClusterOptions = {}): Promise<Cluster> {
  const list = typeof seeds === 'string' ? seeds.split(',') : 'host' in seeds ? [seeds] : seeds;
  const addresses = list.map((seed) => (typeof seed === 'string' ? parseAddress(seed) : seed));
  return new Cluster(await loadCluster(addresses, options), addresses, options);
}
