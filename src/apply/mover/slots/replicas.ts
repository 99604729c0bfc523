// Waits until replicas of a target hold the moved keys before the target gets the slots, so that a failover loses none of them
// (cli.md 5.6). Not here: limiting the lag of replicas (pacing/throttle.ts).
import type { ClusterView } from '../../../cluster/view.js';
import { aborted } from '../../../client/socket.js';
import { TribError } from '../../../errors.js';
import type { MoveStep } from '../../../plan/step.js';
import type { Reply } from '../../../resp/reply.js';
import { ReplyError } from '../../../resp/reply.js';
import { delay, graceAfter, unlessAborted } from '../../node/delay.js';
import type { NodeLink } from '../../node/node-link.js';
import type { MoverSettings } from '../pacing/options.js';
import { isTransient, retrying } from '../safety/retry.js';

/** Milliseconds of one WAIT, which blocks the other commands of this connection. */
const SLICE_MS = 200;
/** Milliseconds between two polls when WAIT returns at once, and until the user is informed. */
const POLL_MS = 50;
const TELL_AFTER_MS = 1000;
/** Milliseconds to keep waiting after an abort: healthy replicas confirm within them, and no slot stays open. */
const STOP_MS = 1000;
/** Milliseconds that the target's reply may take beyond the WAIT. */
const GRACE_MS = 15_000;

/** Throws TribError TOO_FEW_REPLICAS when a target has fewer reachable replicas than requested. */
export function requireReplicas(view: ClusterView, steps: readonly MoveStep[], wanted: number): void {
  requireReplicasOf(view, steps.map(({ target }) => target), wanted);
}

/** Throws TribError TOO_FEW_REPLICAS when one of these masters has fewer reachable replicas than requested. */
export function requireReplicasOf(view: ClusterView, masters: readonly string[], wanted: number): void {
  const targets = [...new Set(masters)];
  const short = targets.filter((id) => view.replicasOf(id).length < wanted);
  if (short.length === 0) return;
  const shown = short.map((id) => `${view.node(id)?.name ?? id} has ${view.replicasOf(id).length}`).join(', ');
  throw new TribError('TOO_FEW_REPLICAS', `${wanted} replicas of each target are required, but only these can be reached: ${shown}`, {
    hint: 'add replicas (add-node --replica), start those that are down, or lower --wait-replicas',
  });
}

/** A master's replication offset, and the acknowledged offset of each online replica. */
export interface Replication {
  readonly written: number;
  readonly confirmed: readonly number[];
}

/** Reads INFO replication. A replica that still loads its copy has acknowledged nothing. */
export function parseReplication(info: string): Replication {
  const written = Number(/^master_repl_offset:(\d+)/m.exec(info)?.[1] ?? NaN);
  const confirmed = [...info.matchAll(/^slave\d+:\S*\bstate=online,offset=(\d+)/gm)].map(([, offset]) => Number(offset));
  return { written, confirmed };
}

interface ReplicaOffsets {
  /** The offset that replicas must reach: the target's own before the WAIT. */
  readonly written: number;
  /** Number of replicas that have reached it. */
  readonly holders: number;
}

function refused(target: NodeLink, error: ReplyError): TribError {
  return new TribError('WAIT_REFUSED', `Node ${target.name} does not report the state of its replicas: ${error.message}`, { hint: 'run check; the user needs permission for WAIT and INFO', cause: error });
}

function readOffsets(target: NodeLink, replies: readonly (Reply | ReplyError)[], earlier: number | undefined): ReplicaOffsets {
  const [before, waited, after] = replies;
  const failure = replies.find((reply) => reply instanceof ReplyError);
  if (failure instanceof ReplyError && isTransient(failure)) throw failure;
  // Prefer the replicas' acknowledged offsets: servers differ in which write of a connection WAIT refers to.
  if (typeof before === 'string' && typeof after === 'string') {
    if (waited instanceof ReplyError && !/NOPERM|unknown command/i.test(waited.message)) throw refused(target, waited);
    const written = earlier ?? parseReplication(before).written;
    return { written, holders: parseReplication(after).confirmed.filter((offset) => offset >= written).length };
  }
  if (typeof waited === 'number') return { written: 0, holders: waited };
  throw refused(target, failure instanceof ReplyError ? failure : new ReplyError('ERR INFO has no text'));
}

function behind(target: NodeLink, holders: number, { waitReplicas, waitReplicasMs }: MoverSettings, consequence: string): TribError {
  const message = `${holders} of ${waitReplicas} replicas of ${target.name} confirmed the moved keys within ${waitReplicasMs / 1000} s: ${consequence}`;
  return new TribError('REPLICAS_BEHIND', message, { hint: `check the replicas of ${target.name} (redis-trib nodes shows their lag)` });
}

/**
 * Resolves when `waitReplicas` replicas of the target have confirmed everything written so far. WAIT requests acknowledgements
 * at once; otherwise replicas acknowledge once per second. (WAIT uses the offset of this connection's last command; a read is
 * enough.) Throws REPLICAS_BEHIND, whose message ends with `consequence`, after `waitReplicasMs`, ABORTED, WAIT_REFUSED, or
 * the connection's error.
 */
export async function awaitReplicas(settings: MoverSettings, target: NodeLink, consequence = `the slots stay open, their keys are on ${target.name}`): Promise<void> {
  const { waitReplicas, waitReplicasMs, emit, signal } = settings;
  if (waitReplicas === 0) return;
  const start = performance.now();
  using grace = graceAfter(signal, STOP_MS);
  let written: number | undefined;
  for (;;) {
    const left = waitReplicasMs - (performance.now() - start);
    const sliceMs = Math.max(1, Math.ceil(Math.min(SLICE_MS, left))); // WAIT 0 never times out.
    const asked = performance.now();
    const found = await retrying(settings, target, async () => {
      const connection = await target.connection();
      const replies = connection.pipeline([['INFO', 'replication'], ['WAIT', waitReplicas, sliceMs], ['INFO', 'replication']], { timeoutMs: sliceMs + GRACE_MS });
      return readOffsets(target, await unlessAborted(replies, grace.signal), written);
    });
    if (found.holders >= waitReplicas) return;
    written = found.written;
    const waitedMs = performance.now() - start;
    if (grace.signal.aborted) throw aborted(signal);
    if (left <= 0) throw behind(target, found.holders, settings, consequence);
    if (waitedMs > TELL_AFTER_MS) emit({ kind: 'waiting', for: 'replication', waitedMs });
    if (performance.now() - asked < POLL_MS) await delay(POLL_MS, grace.signal);
  }
}
