// Whether a cluster is complete: all members reachable, in sync, serving, in agreement. Also waits for that. Not here: judging
// slots (cluster/findings.ts).
import { counted } from '../../cluster/counted.js';
import type { CheckReport } from '../../cluster/findings.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import { delay, unlessAborted } from '../node/delay.js';
import type { Cluster } from '../open-cluster.js';
import { mapBounded } from '../node/parallel.js';

export interface SettledOptions {
  /** Ids of the nodes that must be reachable. */
  readonly members: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** A node that must have been restarted: its run_id must differ from this one. */
  readonly restarted?: { readonly id: string; readonly runId: string } | undefined;
  /** Called at every poll with what is still missing. */
  readonly onWait?: (problem: string, waitedMs: number) => void;
}

/** The run_id in a node's INFO; every start of the process creates a new one. */
export async function runIdOf(cluster: Cluster, id: string, signal?: AbortSignal): Promise<string> {
  const info = await unlessAborted(cluster.admin(id).then((admin) => admin.info('server')), signal);
  return info.get('run_id') ?? '';
}

function absence(view: ClusterView, members: readonly string[]): string | undefined {
  const missing = members.find((id) => view.node(id) === undefined);
  if (missing === undefined) return undefined;
  const known = view.unreachable.find((node) => node.id === missing);
  return known === undefined ? `node ${missing} cannot be reached` : `${known.name} cannot be reached: ${known.reason}`;
}

function slotProblem({ agreement, uncovered, openSlots, findings }: CheckReport): string | undefined {
  if (!agreement) return 'the nodes list different owners of the slots';
  if (uncovered.size > 0) return `${counted(uncovered.size, 'slot', ['is', 'are'])} covered by no node`;
  if (openSlots.length > 0) return `${counted(openSlots.length, 'slot', ['is', 'are'])} being moved or left open by an interrupted move`;
  for (const finding of findings) {
    if (finding.kind === 'suspected-node') return `${counted(finding.by.length, 'node', ['lists', 'list'])} ${finding.node.name} as ${finding.flag}`;
    if (finding.kind === 'chained-replica') return `${finding.node.name} replicates a replica`;
    if (finding.severity === 'error' && finding.kind !== 'unreachable-node') return `the slots have a problem (${finding.kind})`;
  }
  return undefined;
}

function linkProblem(view: ClusterView, members: readonly string[]): string | undefined {
  for (const node of view.nodes) {
    const unlinked = node.lines.find((line) => !line.myself && !line.connected && members.includes(line.id));
    if (unlinked !== undefined) return `${node.name} has no link to ${view.node(unlinked.id)?.name ?? unlinked.id} yet`;
  }
  return undefined;
}

/** Why the node does not serve or, as a replica, is not in sync. */
async function nodeProblem(cluster: Cluster, node: ClusterNode): Promise<string | undefined> {
  const [replication, state] = await (await cluster.connection(node.id)).pipeline([['INFO', 'replication'], ['CLUSTER', 'INFO']]);
  const info = parseInfo(asString(replication));
  const serving = parseInfo(asString(state)).get('cluster_state');
  if (info.get('role') === 'slave' && info.get('master_link_status') !== 'up') return info.get('master_sync_in_progress') === '1' ? `${node.name} is still loading the data of its master` : `${node.name} has no link to its master`;
  return serving === 'ok' ? undefined : `${node.name} says cluster_state:${serving ?? '?'}`;
}

async function findProblem(cluster: Cluster, { members, restarted }: SettledOptions): Promise<string | undefined> {
  const view = await cluster.refresh();
  const early = absence(view, members) ?? slotProblem(await cluster.check()) ?? linkProblem(view, members);
  if (early !== undefined) return early;
  if (restarted !== undefined && (await runIdOf(cluster, restarted.id)) === restarted.runId) return `${view.node(restarted.id)?.name ?? ''} has not been restarted`;
  const problems = await mapBounded(view.nodes, 64, (node) => nodeProblem(cluster, node));
  return problems.find((problem) => problem !== undefined);
}

/** Why the cluster is not complete now; undefined when it is. Throws on abort. */
async function problemOf(cluster: Cluster, options: SettledOptions): Promise<string | undefined> {
  try {
    return await unlessAborted(findProblem(cluster, options), options.signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof TribError || error instanceof ReplyError || error instanceof Error) return error.message; // A node became unreachable during the request.
    throw error;
  }
}

/** Polls until the cluster is complete. Throws NOT_SETTLED at the deadline, with what is missing; ABORTED. */
export async function awaitSettled(cluster: Cluster, options: SettledOptions): Promise<void> {
  const start = Date.now();
  for (let pause = 30; ; pause = Math.min(pause * 1.4, 500)) {
    const problem = await problemOf(cluster, options);
    if (problem === undefined) return;
    const waitedMs = Date.now() - start;
    options.onWait?.(problem, waitedMs);
    if (waitedMs > options.timeoutMs) throw new TribError('NOT_SETTLED', `The cluster is not complete after ${Math.round(waitedMs / 1000)} s: ${problem}`);
    await delay(pause, options.signal);
  }
}
