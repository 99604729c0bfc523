// Rolling restart: one node at a time, a master only after a replica has been promoted, and the next node only when the cluster
// is complete again. The caller defines the work on a node. Not here: the order (plan/rolling.ts).
import type { ClusterNode } from '../../cluster/view.js';
import { refuseSharedIds } from '../../cluster/shared-ids.js';
import { TribError, messageOf } from '../../errors.js';
import { planPreferred } from '../../plan/preferred.js';
import { planFailover } from '../../plan/role-change.js';
import { successorsOf, type RollingPlan, type RollingTurn } from '../../plan/rolling.js';
import { mapBounded } from '../node/parallel.js';
import type { OnEvent } from '../node/event.js';
import type { Cluster } from '../open-cluster.js';
import { keysOf, type KeptKeys, refuseVolatile, requireKept, volatileMasters } from './kept-data.js';
import { saveFirst } from './save-first.js';
import { awaitSettled, runIdOf } from './settled.js';

/** The node to work on, in its present state. */
export interface TurnNode {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly role: 'master' | 'replica';
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

export type RollingEvent =
  | { readonly kind: 'turn'; readonly node: TurnNode }
  | { readonly kind: 'handover'; readonly from: string; readonly to: string }
  | { readonly kind: 'waiting'; readonly problem: string; readonly waitedMs: number }
  | { readonly kind: 'whole'; readonly node: TurnNode; readonly restarted: boolean; readonly ms: number }
  | { readonly kind: 'skipped'; readonly node: TurnNode }
  | { readonly kind: 'warning'; readonly message: string };

export interface RollingOptions {
  /** Does the work on the node; an error stops the run. */
  readonly service: (node: TurnNode) => Promise<'done' | 'skipped'>;
  /** The node must come back as a new process. */
  readonly expectRestart: boolean;
  readonly allowDowntime: boolean;
  /** Continue when a master without a replica comes back without its keys. Default false. */
  readonly loseData?: boolean;
  /** Ids of nodes that become masters again at the end. */
  readonly preferred: readonly string[];
  /** Milliseconds for the cluster to be complete again, and for each failover. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: (event: RollingEvent) => void;
}

export interface TurnResult {
  readonly id: string;
  readonly name: string;
  /** The role before its turn. */
  readonly role: 'master' | 'replica';
  /** The replica that was promoted in its place. */
  readonly successor: { readonly id: string; readonly name: string } | undefined;
  readonly outcome: 'done' | 'skipped';
  readonly restarted: boolean;
  /** From the start of the work until the cluster was complete. */
  readonly ms: number;
}

/** A run that stopped early: what was done, and which nodes are left. `cause`: why. */
export class RollingStopped extends TribError {
  constructor(
    cause: TribError,
    readonly done: readonly TurnResult[],
    /** Ids; the first may have been failed over or worked on already. */
    readonly left: readonly string[],
    readonly preferred: readonly string[],
  ) {
    super(cause.code, cause.message, { exitCode: cause.exitCode, ...(cause.hint === undefined ? {} : { hint: cause.hint }), ...(cause.cause === undefined ? {} : { cause: cause.cause }) });
    this.name = 'RollingStopped';
  }
}

class Roll {
  readonly done: TurnResult[] = [];
  private readonly members: readonly string[];

  constructor(
    private readonly cluster: Cluster,
    private readonly plan: RollingPlan,
    private readonly options: RollingOptions,
  ) {
    this.members = cluster.view.nodes.map(({ id }) => id);
  }

  /** Ids whose work is not done. A node that was worked on counts as done even if it is not back yet. */
  get left(): string[] {
    return this.plan.turns.slice(this.done.length).map(({ id }) => id);
  }

  settle(restarted?: { readonly id: string; readonly runId: string }): Promise<void> {
    const { timeoutMs, signal, onEvent } = this.options;
    return awaitSettled(this.cluster, { members: this.members, timeoutMs, signal, restarted, onWait: (problem, waitedMs) => onEvent({ kind: 'waiting', problem, waitedMs }) });
  }

  async turn(turn: RollingTurn, number: number): Promise<void> {
    const { service, onEvent, expectRestart, signal } = this.options;
    const before = this.node(turn.id);
    const successor = await this.handOver(before);
    const now = this.node(turn.id);
    const node: TurnNode = { id: now.id, name: turn.name, host: now.host, port: now.port, role: now.role, number, of: this.plan.turns.length };
    onEvent({ kind: 'turn', node });
    const runId = await runIdOf(this.cluster, node.id, signal);
    const keys = await this.saved(node);
    const start = Date.now();
    const outcome = await service(node);
    const result = { id: turn.id, name: turn.name, role: before.role, successor: successor && { id: successor.id, name: successor.name }, outcome };
    this.done.push({ ...result, restarted: false, ms: 0 });
    if (outcome === 'skipped') return onEvent({ kind: 'skipped', node });
    await this.settle(expectRestart ? { id: node.id, runId } : undefined);
    const restarted = (await runIdOf(this.cluster, node.id, signal)) !== runId;
    this.warn(await requireKept(this.cluster, node, keys));
    const ms = Date.now() - start;
    this.done[this.done.length - 1] = { ...result, restarted, ms };
    onEvent({ kind: 'whole', node, restarted, ms });
  }

  /** Saves the data of a master that no replica replaces; returns its number of keys. */
  private async saved(node: TurnNode): Promise<KeptKeys | undefined> {
    const { loseData, timeoutMs, signal } = this.options;
    if (node.role !== 'master' || loseData === true) return undefined;
    this.warn(await saveFirst(this.cluster, node, timeoutMs, signal));
    return await keysOf(this.cluster, node.id);
  }

  private warn(message: string | undefined): void {
    if (message !== undefined) this.options.onEvent({ kind: 'warning', message });
  }

  /** Roles may have changed since the start: a master that was elected meanwhile is failed over too. */
  private async handOver(node: ClusterNode): Promise<ClusterNode | undefined> {
    if (node.role !== 'master' || node.slots.size === 0) return undefined;
    const best = await this.best(successorsOf(this.cluster.view, node));
    if (best === undefined && this.options.allowDowntime) return undefined;
    if (best === undefined) throw new TribError('NO_REPLICA', `No replica can take the place of ${node.name} any more`, { hint: 'see redis-trib nodes; --allow-downtime continues without a replica' });
    this.options.onEvent({ kind: 'handover', from: node.name, to: best.name });
    await this.cluster.apply(planFailover(this.cluster.view, best, 'manual'), this.applyOptions());
    await this.settle();
    return best;
  }

  /** The replica with the highest replication offset. */
  private async best(replicas: readonly ClusterNode[]): Promise<ClusterNode | undefined> {
    const offsets = await mapBounded(replicas, 16, async (replica) => Number((await (await this.cluster.admin(replica.id)).info('replication')).get('slave_repl_offset') ?? 0));
    return replicas[offsets.indexOf(Math.max(...offsets))];
  }

  async failBack(): Promise<void> {
    const plan = planPreferred(this.cluster.view, this.options.preferred);
    for (const [index, { node, master }] of plan.changes.entries()) {
      this.options.onEvent({ kind: 'handover', from: master.name, to: node.name });
      await this.cluster.apply({ steps: plan.steps.slice(index, index + 1) }, this.applyOptions());
      await this.settle();
    }
  }

  private applyOptions(): { readonly agreementTimeoutMs: number; readonly signal?: AbortSignal; readonly onEvent: OnEvent } {
    const { timeoutMs, signal, onEvent } = this.options;
    const relay: OnEvent = (event) => {
      if (event.kind === 'warning') onEvent({ kind: 'warning', message: event.message });
      else if (event.kind === 'waiting') onEvent({ kind: 'waiting', problem: 'some nodes do not list the new master yet', waitedMs: event.waitedMs });
    };
    return { agreementTimeoutMs: timeoutMs, onEvent: relay, ...(signal === undefined ? {} : { signal }) };
  }

  private node(id: string): ClusterNode {
    const node = this.cluster.view.node(id);
    if (node === undefined) throw new TribError('NO_SUCH_NODE', `Node ${id} is no longer in the cluster`);
    return node;
  }
}

/**
 * Works on all nodes in order. Throws RollingStopped at the first failure, and before the first node when a master would lose
 * its keys; the remaining nodes are untouched.
 */
export async function roll(cluster: Cluster, plan: RollingPlan, options: RollingOptions): Promise<TurnResult[]> {
  const rolling = new Roll(cluster, plan, options);
  try {
    await rolling.settle();
    refuseSharedIds(cluster.view);
    if (options.loseData !== true) refuseVolatile(await volatileMasters(cluster, plan));
    for (const [index, turn] of plan.turns.entries()) {
      options.signal?.throwIfAborted();
      await rolling.turn(turn, index + 1);
    }
    await rolling.failBack();
    return rolling.done;
  } catch (error) {
    const cause = error instanceof TribError ? error : new TribError('ROLLING_FAILED', messageOf(error), { cause: error });
    throw new RollingStopped(cause, rolling.done, rolling.left, options.preferred);
  }
}
