// What a promotion would lose, judged before anything is sent: a replica without a copy of its master's data, or behind a master
// that can be reached. Read-only. Not here: reading the copy (replica-copies.ts), the failover (steps/failover.ts).
import { counted } from '../../cluster/counted.js';
import { hasReplied, reachAdvice } from '../../cluster/connected-to.js';
import type { ClusterNode, UnreachableNode } from '../../cluster/view.js';
import { TribError } from '../../errors.js';
import type { NodeStep } from '../../plan/node-steps.js';
import { copyText, lacksCopy, promoteAdvice, type ReplicaCopy } from '../../plan/replica-copy.js';
import { linkAdvice, missingBytes, positionOf, type StreamPosition } from '../../plan/replica-lag.js';
import type { Step } from '../../plan/step.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../node/delay.js';
import { countKeys } from '../node/slot-keys.js';
import { readCopies, readCopy, slotsOf, type AskedCluster } from './replica-copies.js';

type FailoverStep = Extract<NodeStep, { kind: 'failover' }>;

/** What the caller accepts to lose. */
export interface PromotionConsent {
  /** A replica without a copy of its master's data may be promoted. */
  readonly giveUpKeys?: boolean;
  /** A replica may be promoted that lacks writes of a master that can be reached. */
  readonly loseWrites?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface PromotionLoss {
  /** The consent that permits it; undefined: nothing does. */
  readonly consent: 'giveUpKeys' | 'loseWrites' | undefined;
  /** For a warning: `127.0.0.1:7004 has no copy of … : … are given up`. */
  readonly text: string;
  /** Without the consent. */
  readonly error: TribError;
}

export interface Promotion {
  /** Undefined when the replica may not be asked, or need not be. */
  readonly copy: ReplicaCopy | undefined;
  /** The refusal of a replica that does not report. */
  readonly refusal?: ReplyError;
  readonly loss?: PromotionLoss;
}

/** A link that has just been lost is up again within a second or two. */
const LINK_MS = 3000;
const POLL_MS = 100;
/** How long a replica whose link is up may take to receive what its master had sent. */
const CATCH_UP_MS = 2000;

interface Names {
  readonly id: string;
  readonly name: string;
}

function masterOf({ view }: AskedCluster, { master }: FailoverStep): Names {
  const known = view.node(master) ?? view.unreachable.find(({ id }) => id === master);
  return { id: master, name: known?.name ?? master };
}

async function infoOf(cluster: AskedCluster, id: string): Promise<Map<string, string>> {
  return (await cluster.admin(id)).info('replication');
}

/** The position of a master that can be asked. */
async function streamOf(cluster: AskedCluster, master: string): Promise<StreamPosition | undefined> {
  if (cluster.view.node(master) === undefined) return undefined;
  const info = await infoOf(cluster, master).catch(() => undefined);
  return info === undefined ? undefined : positionOf(info, 'master_repl_offset');
}

/** Number of keys on the master; undefined when it cannot be asked. */
async function keysOf(cluster: AskedCluster, master: string): Promise<number | undefined> {
  if (cluster.view.node(master) === undefined) return undefined;
  return countKeys(cluster.link(master)).catch(() => undefined);
}

/** The copy, or the error reply: NOPERM; or LOADING, with which the replica refuses the failover too. */
async function ask(cluster: AskedCluster, replica: ClusterNode): Promise<ReplicaCopy | ReplyError> {
  try {
    return await readCopy(cluster, replica);
  } catch (error) {
    if (error instanceof ReplyError) return error;
    throw error;
  }
}

/** Bytes that the replica lacks; it gets time to receive them while its link is up. Undefined: cannot be counted. */
async function behind(cluster: AskedCluster, replica: ClusterNode, stream: StreamPosition, copy: ReplicaCopy, signal?: AbortSignal): Promise<number | undefined> {
  if (copy.syncing) return undefined; // It reports the history of the copy that it does not have yet.
  const deadline = Date.now() + (copy.link === 'up' ? CATCH_UP_MS : 0);
  for (;;) {
    const bytes = missingBytes(stream, positionOf(await infoOf(cluster, replica.id), 'slave_repl_offset'));
    if (bytes === 0 || Date.now() >= deadline) return bytes;
    await delay(POLL_MS, signal);
  }
}

/** A manual failover on 7.0.15 promotes a replica that never had a copy when both offsets are 0, so its link must be up. */
async function judgeManual(cluster: AskedCluster, replica: ClusterNode, master: Names, signal?: AbortSignal): Promise<Promotion> {
  const deadline = Date.now() + LINK_MS;
  for (;;) {
    const info = await infoOf(cluster, replica.id).catch((error: unknown) => {
      if (error instanceof ReplyError) return error;
      throw error;
    });
    if (info instanceof ReplyError) return { copy: undefined, refusal: info };
    if (info.get('role') !== 'slave' || info.get('master_link_status') === 'up') return { copy: undefined };
    if (Date.now() >= deadline) break;
    await delay(POLL_MS, signal);
  }
  const copy = await ask(cluster, replica);
  if (copy instanceof ReplyError) return { copy: undefined, refusal: copy };
  const stream = await streamOf(cluster, master.id);
  if (copy.link === 'up' || (stream !== undefined && !lacksCopy(copy) && (await behind(cluster, replica, stream, copy, signal)) === 0)) return { copy };
  const text = `${replica.name} is not in sync with its master ${master.name} (${copyText(copy)})`;
  return { copy, loss: { consent: undefined, text, error: new TribError('NOT_IN_SYNC', `${text}, so its promotion could lose keys: nothing was sent`, { hint: linkAdvice(copy, replica, master) }) } };
}

/** For example `all keys of its 5461 slots`, with the number of keys if known. */
function allKeys(slots: number, keys: number | undefined): string {
  return `${keys === undefined ? 'all keys' : `the ${counted(keys, 'key')}`} of its ${counted(slots, 'slot')}`;
}

async function noCopy(cluster: AskedCluster, replica: ClusterNode, master: Names, copy: ReplicaCopy, lost: string): Promise<PromotionLoss> {
  const { view } = cluster;
  const start = `${replica.name} has no copy of the data of ${master.name} (${copyText(copy)}): `;
  const better = promoteAdvice(view, master.id, await readCopies(cluster, [master.id]));
  const message = `${start}after its promotion ${lost} would be missing, and ${master.name} would become its replica and delete them${view.node(master.id) === undefined ? ' when it is back' : ''}`;
  const hint = `${better ?? `wait until ${view.node(master.id) === undefined ? `${master.name} is back` : `${replica.name} has its data`}`}; to give up its data: --empty-replica`;
  return { consent: 'giveUpKeys', text: `${start}its promotion gives up ${lost}`, error: new TribError('NO_COPY', message, { hint }) };
}

function lacksWrites(replica: Names, master: Names, copy: ReplicaCopy, bytes: number | undefined, keys: number | undefined): PromotionLoss {
  const lacks = bytes === undefined
    ? `${replica.name} does not share the replication history of ${master.name}, which can be reached${keys === undefined ? '' : ` and holds ${counted(keys, 'key')}`} (${copyText(copy)})`
    : `${replica.name} lacks ${counted(bytes, 'byte')} of the replication stream of ${master.name}, which can be reached (${copyText(copy)})`;
  const lost = bytes === undefined ? `all writes that only ${master.name} has` : 'the writes in them';
  const first = copy.link === 'up' ? 'it is catching up' : linkAdvice(copy, replica, master);
  const hint = `${first}. Then without --force and --takeover no write is lost: redis-trib failover ${replica.name}; to give these writes up: --lose-writes`;
  return { consent: 'loseWrites', text: `${lacks}: ${lost} are given up`, error: new TribError('REPLICA_BEHIND_MASTER', `${lacks}: its promotion would lose ${lost}`, { hint }) };
}

/** A master that replies with an error, for example while it loads its data, comes back with writes that the replica may lack. */
function livingMaster(replica: Names, away: UnreachableNode, copy: ReplicaCopy): PromotionLoss {
  const start = `the master ${away.name} is alive (${away.reason.replace(/\.$/, '')}) and may hold writes that ${replica.name} lacks (${copyText(copy)})`;
  const error = new TribError('REPLICA_BEHIND_MASTER', `${start}: a promotion would lose them`, { hint: `${reachAdvice(away)}; to promote ${replica.name} now and give such writes up: --lose-writes` });
  return { consent: 'loseWrites', text: `${start}: they are given up`, error };
}

async function judgeForced(cluster: AskedCluster, replica: ClusterNode, master: Names, signal?: AbortSignal): Promise<Promotion> {
  const stream = await streamOf(cluster, master.id); // Before the replica's, which may only have more afterwards.
  const copy = await ask(cluster, replica);
  if (copy instanceof ReplyError) return { copy: undefined, refusal: copy };
  const slots = slotsOf(cluster.view, master.id).size;
  const keys = slots === 0 ? 0 : await keysOf(cluster, master.id);
  if (keys === 0) return { copy }; // There is nothing to lose.
  if (lacksCopy(copy)) return { copy, loss: await noCopy(cluster, replica, master, copy, allKeys(slots, keys)) };
  const away = cluster.view.unreachable.find((node) => node.id === master.id && hasReplied(node));
  if (away !== undefined) return { copy, loss: livingMaster(replica, away, copy) };
  if (stream === undefined) return { copy };
  const bytes = await behind(cluster, replica, stream, copy, signal);
  return bytes === 0 ? { copy } : { copy, loss: lacksWrites(replica, master, copy, bytes, keys) };
}

/** Judges one failover step. Throws connection errors, ABORTED. */
export async function judgePromotion(cluster: AskedCluster, step: FailoverStep, signal?: AbortSignal): Promise<Promotion> {
  const replica = cluster.view.node(step.node);
  if (replica?.role !== 'replica') return { copy: undefined }; // The step itself says why not.
  const judge = step.mode === 'manual' ? judgeManual : judgeForced;
  return judge(cluster, replica, masterOf(cluster, step), signal);
}

/**
 * Judges all failover steps of a plan before the first one. Throws NOT_IN_SYNC (manual), NO_COPY (unless `giveUpKeys`),
 * REPLICA_BEHIND_MASTER (unless `loseWrites`). A replica that may not be asked is not refused.
 */
export async function requirePromotable(cluster: AskedCluster, steps: readonly Step[], consent: PromotionConsent): Promise<void> {
  for (const step of steps) {
    if (step.kind !== 'failover') continue;
    const { loss } = await judgePromotion(cluster, step, consent.signal);
    if (loss !== undefined && (loss.consent === undefined || consent[loss.consent] !== true)) throw loss.error;
  }
}
