// Replicas of a target that must hold what was moved before the target gets the slots: should it fail right afterwards, the
// one that takes its place has the keys (cli 5.6). Not here: replicas that only must not fall far behind (throttle.ts).
import type { ClusterView } from '../../cluster/view.js';
import { aborted } from '../../client/socket.js';
import { TribError } from '../../errors.js';
import type { MoveStep } from '../../plan/step.js';
import type { Reply } from '../../resp/reply.js';
import { ReplyError } from '../../resp/reply.js';
import { delay, graceAfter, unlessAborted } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';
import { mayPass, retrying } from './retry.js';

/** Milliseconds of one WAIT: what others have to say to the target over the same connection stands behind it. */
const SLICE_MS = 200;
/** Between two looks where WAIT came back at once, and until the user is told. */
const POLL_MS = 50;
const TELL_AFTER_MS = 1000;
/** Who wants to stop waits this much longer: replicas that are well confirm in a moment, and no slot stays open. */
const STOP_MS = 1000;
/** Beyond the WAIT itself, what the target's answer may take. */
const GRACE_MS = 15_000;

/** Throws TribError TOO_FEW_REPLICAS when a target has fewer replicas that can be reached than are to be waited for. */
export function requireReplicas(view: ClusterView, steps: readonly MoveStep[], wanted: number): void {
  const targets = [...new Set(steps.map(({ target }) => target))];
  const short = targets.filter((id) => view.replicasOf(id).length < wanted);
  if (short.length === 0) return;
  const shown = short.map((id) => `${view.node(id)?.name ?? id} has ${view.replicasOf(id).length}`).join(', ');
  throw new TribError('TOO_FEW_REPLICAS', `${wanted} replicas of each target are to be waited for, but of those that can be reached ${shown}`, {
    hint: 'add replicas (add-node --replica) or start those that are down, or wait for fewer',
  });
}

/** How much a master has written for its replicas, and how far each of those that are in step with it has confirmed. */
export interface Replication {
  readonly written: number;
  readonly confirmed: readonly number[];
}

/** Reads INFO replication. A replica that is still loading its copy has confirmed nothing. */
export function parseReplication(info: string): Replication {
  const written = Number(/^master_repl_offset:(\d+)/m.exec(info)?.[1] ?? NaN);
  const confirmed = [...info.matchAll(/^slave\d+:\S*\bstate=online,offset=(\d+)/gm)].map(([, offset]) => Number(offset));
  return { written, confirmed };
}

interface Look {
  /** What the target had written before; what replicas have to reach. */
  readonly written: number;
  /** Replicas that have. */
  readonly holders: number;
}

function refused(target: NodeLink, error: ReplyError): TribError {
  return new TribError('WAIT_REFUSED', `Node ${target.name} does not tell how far its replicas are: ${error.message}`, { hint: 'look with check; the user needs the commands WAIT and INFO', cause: error });
}

function look(target: NodeLink, replies: readonly (Reply | ReplyError)[], earlier: number | undefined): Look {
  const [before, waited, after] = replies;
  const failure = replies.find((reply) => reply instanceof ReplyError);
  if (failure instanceof ReplyError && mayPass(failure)) throw failure;
  // The replicas' own word counts where it is to be had: servers differ in what WAIT takes for the last write of a connection.
  if (typeof before === 'string' && typeof after === 'string') {
    if (waited instanceof ReplyError && !/NOPERM|unknown command/i.test(waited.message)) throw refused(target, waited);
    const written = earlier ?? parseReplication(before).written;
    return { written, holders: parseReplication(after).confirmed.filter((offset) => offset >= written).length };
  }
  if (typeof waited === 'number') return { written: 0, holders: waited };
  throw refused(target, failure instanceof ReplyError ? failure : new ReplyError('ERR INFO has no text'));
}

function behind(target: NodeLink, holders: number, { waitReplicas, waitReplicasMs }: MoverSettings): TribError {
  const message = `${holders} of ${waitReplicas} replicas of ${target.name} confirmed within ${waitReplicasMs / 1000} s what was moved there: the slots stay open, their keys are on ${target.name}`;
  return new TribError('REPLICAS_BEHIND', message, { hint: `look after the replicas of ${target.name} (nodes tells their lag)` });
}

/**
 * Resolves when `waitReplicas` replicas of the target have confirmed everything it has written so far. WAIT makes it ask
 * them at once (persistence-replication, WAIT: an offset of this very connection's last command, a read will do); otherwise
 * they confirm once a second. Throws REPLICAS_BEHIND after `waitReplicasMs`, ABORTED, WAIT_REFUSED, or the connection's error.
 */
export async function awaitReplicas(settings: MoverSettings, target: NodeLink): Promise<void> {
  const { waitReplicas, waitReplicasMs, emit, signal } = settings;
  if (waitReplicas === 0) return;
  const start = performance.now();
  using grace = graceAfter(signal, STOP_MS);
  let written: number | undefined;
  for (;;) {
    const left = waitReplicasMs - (performance.now() - start);
    const sliceMs = Math.max(1, Math.ceil(Math.min(SLICE_MS, left))); // 0 would be for ever
    const asked = performance.now();
    const found = await retrying(settings, target, async () => {
      const connection = await target.connection();
      const replies = connection.pipeline([['INFO', 'replication'], ['WAIT', waitReplicas, sliceMs], ['INFO', 'replication']], { timeoutMs: sliceMs + GRACE_MS });
      return look(target, await unlessAborted(replies, grace.signal), written);
    });
    if (found.holders >= waitReplicas) return;
    written = found.written;
    const waitedMs = performance.now() - start;
    if (grace.signal.aborted) throw aborted(signal);
    if (left <= 0) throw behind(target, found.holders, settings);
    if (waitedMs > TELL_AFTER_MS) emit({ kind: 'waiting', for: 'replication', waitedMs });
    if (performance.now() - asked < POLL_MS) await delay(POLL_MS, grace.signal);
  }
}
