// Waits until nothing that one node has said to another is still on its way. Two nodes talk over two connections, so what
// one says on the first may overtake what it said before on the second (cluster-node 1.2). Tells no errors: who wants quiet
// and can't have it goes on without.
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import { nodesText } from './late.js';

const POLL_MS = 5;

/** Whether a node waits for the other's answer to a ping, by its CLUSTER NODES; false when it doesn't know that one. */
export function awaitsAnswer(text: string, other: string): boolean {
  const pingSent = text.split('\n').find((line) => line.startsWith(other))?.split(' ')[4];
  return pingSent !== undefined && pingSent !== '0';
}

/** Resolves when what `from` has sent to `to` of its own accord, and its answers, have arrived, or after `patienceMs`. */
export async function quietWay(from: NodeLink, to: NodeLink, patienceMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + patienceMs;
  try {
    await arrived(from, to, patienceMs, signal);
    while (awaitsAnswer(await nodesText(to), from.id) && performance.now() < deadline) await delay(POLL_MS, signal);
  } catch {
    return; // stopped, or a node went away
  }
}

/**
 * A message published at one node and received at the other goes the way of the node's own packets, behind them. Users may
 * lack the right to publish: then it is not waited for.
 */
async function arrived(from: NodeLink, to: NodeLink, patienceMs: number, signal?: AbortSignal): Promise<void> {
  const channel = `redis-trib:${from.id}:${to.id}`;
  const token = `${process.pid}:${performance.now()}`; // two administrators may ask at the same time
  const ended = new AbortController();
  const listener = await to.dial();
  try {
    const message = new Promise<void>((resolve) => {
      listener.onPush = (push) => void (push[2] === token && resolve());
      listener.onClose = () => resolve();
    });
    await listener.command(['SUBSCRIBE', channel]);
    await (await from.connection()).command(['PUBLISH', channel, token]);
    await Promise.race([message, delay(patienceMs, signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal])).catch(() => undefined)]);
  } catch {
    return;
  } finally {
    ended.abort();
    listener.close();
  }
}
