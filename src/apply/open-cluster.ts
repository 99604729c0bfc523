// An open cluster: loaded, checked, changed by plans. The object that programs and subcommands use. Not here: loading
// (cluster/load.ts), steps (apply-plan.ts), new clusters (steps/create.ts).
import type { Address } from '../cluster/address.js';
import { parseAddress } from '../cluster/address.js';
import type { CheckReport } from '../cluster/findings.js';
import { checkView } from '../cluster/findings.js';
import { refuseSharedIds } from '../cluster/shared-ids.js';
import type { ClusterView } from '../cluster/view.js';
import { Admin } from '../client/admin.js';
import type { Connection } from '../client/connection.js';
import { TribError } from '../errors.js';
import type { Step } from '../plan/step.js';
import { waitForAgreement } from './cluster/agreement.js';
import type { AgreementOptions } from './cluster/agreement.js';
import type { ApplyOptions } from './apply-plan.js';
import { delay, unlessAborted } from './node/delay.js';
import type { ApplyStats } from './node/event.js';
import type { LoadedCluster } from './cluster/load.js';
import { loadCluster } from './cluster/load.js';
import type { ClusterOptions, NodeLink } from './node/node-link.js';

/** One node of the cluster: `host:port` or its parts. */
export type Seed = string | Address;

/** Milliseconds between two polls whether all nodes know each other. */
const SETTLE_POLL_MS = 250;

export interface CheckOptions {
  /** Also ask every master for keys in slots it doesn't own (cli.md 2.4 step 5). */
  readonly searchMultipleOwners?: boolean;
  /** Also ask masters and replicas whether replication is in step. */
  readonly replicaHealth?: boolean;
  /** Also ask the nodes whether they refuse writes because they cannot save their data. */
  readonly refusedWrites?: boolean;
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
    this.loaded = this.named(loaded);
  }

  private named(loaded: LoadedCluster): LoadedCluster {
    const { hostNames } = this.options;
    return hostNames === undefined ? loaded : { ...loaded, view: loaded.view.withHosts(hostNames) };
  }

  /** The cluster as it was when loaded, last refreshed, or last changed by `apply`. */
  get view(): ClusterView {
    return this.loaded.view;
  }

  /** The links to all loaded nodes, by id. */
  get links(): ReadonlyMap<string, NodeLink> {
    return this.loaded.links;
  }

  /** The shared connection to a node; redialled when it broke. Throws TribError NO_SUCH_NODE. */
  connection(id: string): Promise<Connection> {
    return this.link(id).connection();
  }

  async admin(id: string): Promise<Admin> {
    return new Admin(await this.connection(id));
  }

  /** Reads all nodes again, over the existing connections. */
  async refresh(): Promise<ClusterView> {
    const others = this.view.nodes.map((node) => ({ host: node.connectHost, port: node.connectPort }));
    this.loaded = this.named(await loadCluster([...this.seeds, ...others], this.options, this.loaded.links));
    if (this.closed) this.close();
    return this.view;
  }

  /** Judges the loaded view. Contacts the nodes only with an option set. */
  async check(options: CheckOptions = {}): Promise<CheckReport> {
    const { replicaHealth = false, refusedWrites = false } = options;
    const health = replicaHealth || refusedWrites ? await (await import('./cluster/node-health.js')).nodeHealth(this, { replicaHealth, refusedWrites }) : [];
    if (options.searchMultipleOwners !== true) return checkView(this.view, health);
    const [{ keyHolders }, { countSlotKeys }] = await Promise.all([import('../cluster/key-holders.js'), import('./fix/count-keys.js')]);
    return checkView(this.view, [...keyHolders(this.view, await countSlotKeys(this)), ...health]);
  }

  /**
   * The view when the slots are in order. Nodes that do not agree yet get `waitMs` (default 5000) to do so. Throws TribError
   * UNHEALTHY otherwise.
   */
  async healthyView(waitMs = 5000): Promise<ClusterView> {
    const { findings } = await this.settle(waitMs);
    const [first] = findings.filter((finding) => finding.severity === 'error' && finding.kind !== 'unreachable-node');
    if (first === undefined) return this.view;
    throw new TribError('UNHEALTHY', '*** Please fix your cluster problems first', { hint: `run check for details, fix to repair (${first.kind})` });
  }

  /**
   * Waits up to `waitMs` for nodes that do not agree about the slots or do not all know each other: a reshard may just have
   * ended, or a node just been added. Returns the check after the wait.
   */
  async settle(waitMs: number, signal?: AbortSignal): Promise<CheckReport> {
    const deadline = Date.now() + waitMs;
    let report = await this.check();
    if (!report.agreement) {
      await this.waitForAgreement({ timeoutMs: waitMs, ...(signal === undefined ? {} : { signal }) }).catch(() => signal?.throwIfAborted());
      await this.refresh();
      report = await this.check();
    }
    while (report.findings.some(({ kind, severity }) => kind === 'partly-known' && severity === 'error') && Date.now() < deadline) {
      await delay(SETTLE_POLL_MS, signal);
      await this.refresh();
      report = await this.check();
    }
    return report;
  }

  /** Waits until all loaded nodes report the same slot owners. */
  waitForAgreement(options: AgreementOptions = {}): Promise<void> {
    return unlessAborted(waitForAgreement([...this.links.values()], options), options.signal);
  }

  /**
   * Carries out a plan (or bare steps). Throws as applySteps and moveSlots. Before the first step throws ONLY_COPY and NO_COPY
   * when it would lose keys that no other node has, STRAY_KEYS when a master that leaves or loses its last slot holds keys of
   * slots that it does not own (unless `giveUpKeys`), REPLICA_BEHIND_MASTER when a promotion would lose
   * writes of a reachable master (unless `loseWrites`), NOT_IN_SYNC, and MOVING_NOW or OPEN_SLOTS when a node whose role
   * changes takes part in a move. Throws EVICTING_TARGET before slots move to a node that cannot hold their keys and evicts keys
   * (unless `allowEviction`), SAME_ID when several servers answer with one
   * node id, PLAN_STALE before a step that deletes the data of a node, or removes it, when the node holds
   * slots that it does not hold in `view`. Call refresh to see the result.
   */
  async apply(plan: { readonly steps: readonly Step[] }, options: ApplyOptions = {}): Promise<ApplyStats> {
    refuseSharedIds(this.view);
    const { applySteps } = await import('./apply-plan.js'); // Imported late: it loads the mover, which read-only commands do not need.
    await unlessAborted((await import('./cluster/role-guard.js')).requireNoMoves(this, plan.steps, options), options.signal);
    if (options.giveUpKeys !== true) await unlessAborted((await import('./cluster/only-copy.js')).requireOtherCopies(this, plan.steps), options.signal);
    if (options.giveUpKeys !== true) await unlessAborted((await import('./cluster/stray-keys.js')).requireNoStrayKeys(this, plan.steps), options.signal);
    if (plan.steps.some(({ kind }) => kind === 'failover')) await unlessAborted((await import('./cluster/promotable.js')).requirePromotable(this, plan.steps, options), options.signal);
    const fresh = async (): Promise<ClusterView> => {
      const view = await this.refresh();
      refuseSharedIds(view);
      if ((await this.check()).agreement) return view;
      await this.waitForAgreement({ timeoutMs: options.agreementTimeoutMs ?? 10_000, ...(options.signal ? { signal: options.signal } : {}) });
      return this.refresh();
    };
    const links = (): ReadonlyMap<string, NodeLink> => this.links;
    const context = {
      judged: this.view,
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

  /** The link to one loaded node. Throws TribError NO_SUCH_NODE. */
  link(id: string): NodeLink {
    const link = this.links.get(this.view.node(id)?.id ?? id);
    if (link === undefined) throw new TribError('NO_SUCH_NODE', `No such node ${id}`);
    return link;
  }
}

/**
 * Opens the cluster behind the first seed that replies. Throws TribError with exit code 3 (not reachable, credentials refused,
 * NOT_A_CLUSTER) or BAD_ADDRESS (2). Close it, or declare it with `await using`.
 */
export async function openCluster(seeds: Seed | readonly Seed[], options: ClusterOptions = {}): Promise<Cluster> {
  const list = typeof seeds === 'string' ? seeds.split(',') : 'host' in seeds ? [seeds] : seeds;
  const addresses = list.map((seed) => (typeof seed === 'string' ? parseAddress(seed) : seed));
  return new Cluster(await loadCluster(addresses, options), addresses, options);
}
