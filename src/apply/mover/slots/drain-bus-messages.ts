// Waits until every bus packet that one node has sent to another has arrived. Two nodes use two connections, so a packet on the
// first may overtake an older one on the second (cluster-node.md 1.2).
import { TribError } from '../../../errors.js';
import { delay } from '../../node/delay.js';
import type { NodeLink } from '../../node/node-link.js';
import { nodesText } from './propagate-ownership.js';

const POLL_MS = 5;
const PUBLISH_AGAIN_MS = 100;

/** Whether a node has a ping to `other` without a pong, by its CLUSTER NODES; false when it does not know `other`. */
export function awaitsAnswer(text: string, other: string): boolean {
  const pingSent = text.split('\n').find((line) => line.startsWith(other))?.split(' ')[4];
  return pingSent !== undefined && pingSent !== '0';
}

/** Result of the wait; `unknown`: the user may not publish, or a node became unreachable. */
export type DrainResult = 'quiet' | 'late' | 'unknown';

/** Waits at most `patienceMs` until the packets and pongs that `from` has sent to `to` have arrived. Never throws. */
export async function drainBusMessages(from: NodeLink, to: NodeLink, patienceMs: number, signal?: AbortSignal): Promise<DrainResult> {
  const deadline = performance.now() + patienceMs;
  try {
    const own = await arrived(from, to, patienceMs, signal);
    for (;;) {
      if (!awaitsAnswer(await nodesText(to), from.id)) return own;
      if (performance.now() >= deadline) return 'late';
      await delay(POLL_MS, signal);
    }
  } catch {
    return 'unknown'; // Aborted, or a node became unreachable.
  }
}

const IMPORT_QUIET_MS = 5000;
/** Milliseconds within which a packet arrives, including TCP retransmission, when its arrival cannot be observed. */
const UNKNOWN_MS = 1000;

/**
 * Call before `importer` imports slots that `owner` owns, on servers whose importer takes slots over when a packet of their
 * source does not claim them (slot-transaction.ts). Every packet that `owner` sent before it got the slots must have arrived.
 * One call covers all slots that it owns by then. Throws TribError BUS_LATE when they have not arrived within IMPORT_QUIET_MS,
 * ABORTED when the signal fires.
 */
export async function drainBusBeforeImport(owner: NodeLink, importer: NodeLink, signal?: AbortSignal): Promise<void> {
  const quiet = await drainBusMessages(owner, importer, IMPORT_QUIET_MS, signal);
  if (quiet === 'quiet') return;
  if (quiet === 'unknown') return delay(UNKNOWN_MS, signal);
  throw new TribError('BUS_LATE', `${importer.name} has not received packets of ${owner.name} over the cluster bus for ${IMPORT_QUIET_MS / 1000} s: a slot opened now could change its owner before its keys have moved`, {
    hint: `check that ${importer.name} and ${owner.name} reach each other's cluster bus port (check shows failing links), then run it again`,
  });
}

/**
 * A message published at one node travels to the other on the same link as the node's own packets, behind them. It is lost
 * where that link does not exist yet or is closed and opened again, as in the first second of a cluster (Valkey >= 8 also closes
 * a link whose first packets it cannot assign), so it is published until one arrives. A user without the right to publish gets
 * `unknown`.
 */
async function arrived(from: NodeLink, to: NodeLink, patienceMs: number, signal?: AbortSignal): Promise<DrainResult> {
  const channel = `redis-trib:${from.id}:${to.id}`;
  const token = `${process.pid}:${performance.now()}`; // Several administrators may use the channel at the same time.
  const ended = new AbortController();
  const listener = await to.dial();
  try {
    const message = new Promise<DrainResult>((resolve) => {
      listener.onPush = (push) => void (push[2] === token && resolve('quiet'));
      listener.onClose = () => resolve('unknown');
    });
    await listener.command(['SUBSCRIBE', channel]);
    const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
    return await Promise.race([message, publishUntilLate(from, [channel, token], patienceMs, stop)]);
  } catch {
    return 'unknown';
  } finally {
    ended.abort();
    listener.close();
  }
}

async function publishUntilLate(from: NodeLink, message: readonly string[], patienceMs: number, signal: AbortSignal): Promise<DrainResult> {
  const deadline = performance.now() + patienceMs;
  const connection = await from.connection();
  while (!signal.aborted) {
    await connection.command(['PUBLISH', ...message]);
    const left = deadline - performance.now();
    if (left <= 0) return 'late';
    await delay(Math.min(PUBLISH_AGAIN_MS, left), signal).catch(() => undefined);
  }
  return 'unknown'; // Aborted.
}
