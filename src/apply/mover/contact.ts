// Whether packets of one node may have reached another in the wrong order. Two nodes talk over two connections, so what one
// says on the first may overtake what it said before on the second: an answer to a ping (cluster-node 1.2).
import type { Connection } from '../../client/connection.js';
import { asString } from '../../client/read-reply.js';
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';

/** What a node says about its pings to another; all times are its own clock's Unix milliseconds. */
export interface Contact {
  /** When it said so. */
  readonly now: number;
  /** Since when it waits for an answer; 0 = it waits for none. */
  readonly pingSent: number;
  /** When it last heard the other, or heard from a third that this one did: those times are whole seconds. */
  readonly pongReceived: number;
}

const POLL_MS = 20;

/** A node's account of itself and the others, and its contact to one of these; undefined when it doesn't know that one. */
export async function look(connection: Connection, other: string): Promise<{ readonly text: string; readonly contact: Contact | undefined }> {
  const [time, nodes] = await connection.pipeline([['TIME'], ['CLUSTER', 'NODES']]);
  const text = asString(nodes);
  const [seconds, micros] = Array.isArray(time) ? time.map(Number) : [];
  const fields = text.split('\n').find((line) => line.startsWith(other))?.split(' ');
  if (fields === undefined || seconds === undefined || micros === undefined) return { text, contact: undefined };
  return { text, contact: { now: seconds * 1000 + Math.floor(micros / 1000), pingSent: Number(fields[4]), pongReceived: Number(fields[5]) } };
}

/** Whether an answer to a ping may have been on its way at some time between the two. */
export function mayHaveCrossed(before: Contact, after: Contact): boolean {
  return before.pingSent !== 0 || after.pingSent !== 0 || after.pongReceived >= before.now;
}

/** Whether between the two a ping was answered that was sent after the first. */
export function answeredSince(before: Contact, after: Contact): boolean {
  return before.pingSent === 0 && after.pongReceived >= before.now && after.pongReceived % 1000 !== 0;
}

/**
 * Resolves true when `from` has asked `other` and got its answer: all that the two have sent before on this connection, both
 * ways, has arrived then. False when that takes longer than `patienceMs`. Rejects when the node goes away or the signal fires.
 */
export async function heardAnew(from: NodeLink, other: string, patienceMs: number, signal?: AbortSignal): Promise<boolean> {
  const connection = await from.connection();
  const deadline = performance.now() + patienceMs;
  let since: Contact | undefined;
  while (performance.now() < deadline) {
    const { contact } = await look(connection, other);
    if (contact === undefined) return false;
    if (since !== undefined && answeredSince(since, contact)) return true;
    if (since === undefined || since.pingSent !== 0) since = contact;
    await delay(POLL_MS, signal);
  }
  return false;
}

/**
 * Resolves true when all that `from` has sent to `to` of its own accord has arrived there; false when that cannot be found
 * out within `patienceMs`. A message published at one node and received at the other goes the same way behind it, at
 * once. (Users may lack the right to publish; who subscribes to every channel sees it.)
 */
export async function arrived(from: NodeLink, to: NodeLink, patienceMs: number, signal?: AbortSignal): Promise<boolean> {
  const channel = `redis-trib:${from.id}:${to.id}`;
  const token = `${process.pid}:${performance.now()}`; // two administrators may ask at the same time
  const ended = new AbortController();
  const listener = await to.dial();
  try {
    const message = new Promise<boolean>((resolve) => {
      listener.onPush = (push) => void (push[2] === token && resolve(true));
      listener.onClose = () => resolve(false);
    });
    await listener.command(['SUBSCRIBE', channel]);
    await (await from.connection()).command(['PUBLISH', channel, token]);
    const late = delay(patienceMs, signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal])).then(() => false, () => false);
    return await Promise.race([message, late]);
  } catch {
    return false; // not permitted, or a node went away
  } finally {
    ended.abort();
    listener.close();
  }
}
