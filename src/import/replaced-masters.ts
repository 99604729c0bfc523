// Masters that were replaced or restarted while keys went to them. A master confirms a write before its replicas have it, so a
// failover or a restart may lose keys that were counted as delivered. Not here: waiting for replicas (confirm-replicas.ts),
// sending keys again.
import { mapBounded } from '../apply/node/parallel.js';
import { delay } from '../apply/node/delay.js';
import type { Cluster } from '../apply/open-cluster.js';
import { parseInfo } from '../client/read-reply.js';
import type { SlotSet } from '../cluster/slot-set.js';
import { countMasters } from './count-keys.js';

/** A master whose copy of the delivered keys was not kept for certain. */
export interface ReplacedMaster {
  readonly id: string;
  readonly name: string;
  /** `failover`: another node, or the same one after it was a replica, owns the slots. `unreachable`: no node owns them. */
  readonly how: 'failover' | 'restart' | 'unreachable';
  /** The node that owns the slots now. */
  readonly by: { readonly id: string; readonly name: string } | null;
  /** Keys that the slots hold less than expected; null when the counts do not show it. */
  readonly missing: number | null;
  /** The keys were sent again after that. */
  readonly sentAgain: boolean;
}

/** A change of one master, without counts. */
export interface MasterChange extends Pick<ReplacedMaster, 'id' | 'name' | 'how'> {
  readonly slots: SlotSet;
  readonly owner: { readonly id: string; readonly name: string } | undefined;
  /** Different for each failover and restart. */
  readonly mark: string;
}

interface Run {
  /** Of the server process; undefined when INFO was refused. */
  readonly runId: string | undefined;
  /** Changes at every promotion. */
  readonly replicationId: string | undefined;
  /** The server was promoted since it started. */
  readonly promoted: boolean;
}

interface WatchedMaster extends Run {
  readonly id: string;
  readonly name: string;
  readonly slots: SlotSet;
  readonly replicas: ReadonlySet<string>;
}

const AT_ONCE = 64;
/** Milliseconds that a failover may take until the slots count as without a node, and between two polls. */
const FAILOVER_MS = 15_000;
const POLL_MS = 250;
const NO_RUN: Run = { runId: undefined, replicationId: undefined, promoted: false };

async function readRun(cluster: Cluster, id: string): Promise<Run> {
  try {
    const replies = await (await cluster.connection(id)).pipeline([['INFO', 'server'], ['INFO', 'replication']]);
    const info = parseInfo(replies.map((reply) => (typeof reply === 'string' ? reply : '')).join('\n'));
    return { runId: info.get('run_id'), replicationId: info.get('master_replid'), promoted: /[1-9a-f]/.test(info.get('master_replid2') ?? '') };
  } catch {
    return NO_RUN;
  }
}

export class MasterWatch {
  private readonly sentAgain = new Set<string>();

  private constructor(private readonly cluster: Cluster, private readonly masters: readonly WatchedMaster[], private readonly keysBefore: ReadonlyMap<string, number>) {}

  /** Records all masters with slots, and counts their keys. Rejects as countMasters. */
  static async start(cluster: Cluster): Promise<MasterWatch> {
    const { view } = cluster;
    const counts = await countMasters(cluster);
    const masters = await mapBounded(view.masters.filter(({ slots }) => slots.size > 0), AT_ONCE, async ({ id, name, slots }) => ({
      id, name, slots, replicas: new Set(view.replicasOf(id).map((replica) => replica.id)), ...(await readRun(cluster, id)),
    }));
    return new MasterWatch(cluster, masters, counts);
  }

  /** Keys of all masters at the start. */
  get keys(): number {
    return [...this.keysBefore.values()].reduce((sum, keys) => sum + keys, 0);
  }

  /** Loads the cluster again and compares. A master without reply gets FAILOVER_MS for a failover to one of its replicas. */
  async changes(signal?: AbortSignal): Promise<MasterChange[]> {
    const deadline = Date.now() + FAILOVER_MS;
    for (;;) {
      await this.cluster.refresh();
      const found = (await mapBounded(this.masters, AT_ONCE, (master) => this.changeOf(master))).flatMap((change) => change ?? []);
      if (Date.now() >= deadline || signal?.aborted === true || found.every(({ how, id }) => how !== 'unreachable' || !this.hasReplicas(id))) return found;
      await delay(POLL_MS, signal);
    }
  }

  /** Changes after which no keys were sent again yet. */
  async newChanges(signal?: AbortSignal): Promise<MasterChange[]> {
    return (await this.changes(signal)).filter(({ mark, owner }) => owner !== undefined && !this.sentAgain.has(mark));
  }

  /** Records that the keys of these masters were sent again. */
  sent(changes: readonly MasterChange[]): void {
    for (const { mark } of changes) this.sentAgain.add(mark);
  }

  /**
   * The replaced masters, and how many keys their slots lack. `delivered`: keys by the name of the master; undefined when the
   * counts do not show what is missing, because keys were overwritten.
   */
  async losses(delivered: Readonly<Record<string, number>> | undefined, signal?: AbortSignal): Promise<ReplacedMaster[]> {
    const changes = await this.changes(signal);
    if (changes.length === 0) return [];
    const counts = delivered === undefined ? undefined : await countMasters(this.cluster).catch(() => undefined);
    return changes.map(({ id, name, how, owner, mark }) => {
      const after = owner === undefined ? undefined : counts?.get(owner.id);
      const names = new Set(owner === undefined ? [name] : [name, owner.name]);
      const expected = (this.keysBefore.get(id) ?? 0) + [...names].reduce((sum, one) => sum + (delivered?.[one] ?? 0), 0);
      return { id, name, how, by: owner ?? null, missing: after === undefined ? null : Math.max(0, expected - after), sentAgain: this.sentAgain.has(mark) };
    });
  }

  private hasReplicas(id: string): boolean {
    return this.masters.some((master) => master.id === id && master.replicas.size > 0);
  }

  private async changeOf(master: WatchedMaster): Promise<MasterChange | undefined> {
    const { id, name, slots } = master;
    const { view } = this.cluster;
    const [slot = 0] = slots;
    const owner = view.ownerOf(slot);
    const change = (how: MasterChange['how'], mark: string): MasterChange => ({ id, name, slots, how, owner: owner === undefined ? undefined : { id: owner.id, name: owner.name }, mark: `${id} ${mark}` });
    if (owner === undefined) return change('unreachable', '');
    const run = await readRun(this.cluster, owner.id);
    const mark = `${owner.id} ${run.runId ?? ''} ${run.replicationId ?? ''}`;
    if (owner.id !== id) return this.isFailover(master, owner.id) ? change('failover', mark) : undefined;
    if (run.runId !== undefined && master.runId !== undefined && run.runId !== master.runId) return change('restart', mark);
    // The replication id also changes without a promotion, when a master has had no replicas for a while.
    if (run.replicationId !== undefined && master.replicationId !== undefined && run.replicationId !== master.replicationId && run.promoted) return change('failover', mark);
    return undefined;
  }

  /** Not for slots that moved to another master: they were handed over with their keys. */
  private isFailover({ id, replicas }: WatchedMaster, owner: string): boolean {
    if (replicas.has(owner)) return true;
    return this.cluster.view.node(id)?.role !== 'master' && !this.masters.some((other) => other.id === owner);
  }
}

/** Keys of this master are, or may be, missing. */
export function isLoss({ missing, sentAgain }: ReplacedMaster): boolean {
  return !sentAgain && missing !== 0;
}
