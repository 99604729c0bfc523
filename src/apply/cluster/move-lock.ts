// Prevents two administrators from moving slots of the same node at once. Each would take the other's open slots for its own.
// The first to finish a slot gives it to its target; the second finds the source empty and gives the slot to another node; the
// first target then deletes the keys (cluster-node.md 3.4.2). Not here: slots that were open before (mover/plan/preflight.ts).
import { randomUUID } from 'node:crypto';
import type { Connection } from '../../client/connection.js';
import { TribError } from '../../errors.js';
import { delay } from '../node/delay.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';

/**
 * Client name prefix of a connection that stays open while slots of its node are being moved. It disappears when the program
 * ends.
 */
const PREFIX = 'redis-trib:moving:';
const NAMED = new RegExp(`^.*\\baddr=(\\S+) .*\\bname=${PREFIX}(\\S+) .*\\bage=(\\d+).*$`, 'gm');

const AT_ONCE = 32;
/** Milliseconds after which a silent node counts as unreachable. */
const ANSWER_MS = 5000;
/** Two movers that start at the same moment see each other. Both release and retry after different pauses. */
const ATTEMPTS = 8;
const PAUSE_MS = 250;
/**
 * Milliseconds between two PINGs on a lock's connections: a server closes connections that are idle for longer than its
 * `timeout`.
 */
const BEAT_MS = 10_000;

interface LockHolder {
  readonly token: string;
  readonly address: string;
  readonly seconds: number;
}

/** The connections in a CLIENT LIST that hold the lock. */
export function holdersIn(clientList: string): LockHolder[] {
  return [...clientList.matchAll(NAMED)].map(([, address = '', token = '', age]) => ({ token, address, seconds: Number(age) }));
}

/** The lock on some nodes, held until it is released. */
export interface MoveLock {
  release(): void;
  [Symbol.dispose](): void;
}

interface LockNode {
  readonly link: NodeLink;
  readonly connection: Connection;
}

/** A node that is unreachable or refuses CLIENT is not locked. */
async function enter(link: NodeLink, token: string): Promise<LockNode | undefined> {
  const connection = await link.dial(0, true).catch(() => undefined);
  if (connection === undefined) return undefined;
  const [named] = await connection.pipeline([['CLIENT', 'SETNAME', PREFIX + token]], { timeoutMs: ANSWER_MS }).catch(() => []);
  if (named === 'OK') return { link, connection };
  connection.close();
  return undefined;
}

async function rivalAt({ link, connection }: LockNode, token: string): Promise<{ link: NodeLink; holder: LockHolder } | undefined> {
  const [list] = await connection.pipeline([['CLIENT', 'LIST']], { timeoutMs: ANSWER_MS }).catch(() => []);
  const holder = typeof list === 'string' ? holdersIn(list).find((one) => one.token !== token) : undefined;
  return holder === undefined ? undefined : { link, holder };
}

function held(places: readonly LockNode[]): MoveLock {
  const beat = setInterval(() => {
    for (const { connection } of places) if (connection.isOpen) connection.command(['PING']).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  const release = (): void => {
    clearInterval(beat);
    for (const { connection } of places) connection.close();
  };
  return { release, [Symbol.dispose]: release };
}

function movingNow(link: NodeLink, holder: LockHolder): TribError {
  return new TribError('MOVING_NOW', `Another redis-trib has been moving or repairing slots of ${link.name} for ${holder.seconds} s, from ${holder.address}`, {
    hint: `wait until it is done (fix at a terminal waits for an answer); if its host is down, release the lock with CLIENT KILL ${holder.address} on ${link.name}`,
  });
}

/** A lock that has just been released may still be listed; a failover holds one for a moment. */
const LOOKS = 4;

/**
 * Throws MOVING_NOW when another redis-trib moves slots of a node, ABORTED when the signal fires. Takes no lock, and this
 * process holds none.
 */
export async function requireNoMover(links: readonly NodeLink[], signal?: AbortSignal): Promise<void> {
  for (let look = 1; ; look++) {
    const places = (await mapBounded(links, AT_ONCE, async (link) => link.connection().then((connection) => ({ link, connection }), () => undefined))).filter((place) => place !== undefined);
    const rival = (await mapBounded(places, AT_ONCE, (place) => rivalAt(place, ''))).find((one) => one !== undefined);
    if (rival === undefined) return;
    if (look === LOOKS) throw movingNow(rival.link, rival.holder);
    await delay(PAUSE_MS, signal);
  }
}

/**
 * Resolves when no other redis-trib moves slots of the nodes; none will until the lock is released. Throws TribError MOVING_NOW
 * when one does, ABORTED when the signal fires. Other programs are not detected.
 */
export async function lockMoves(links: Iterable<NodeLink>, signal?: AbortSignal): Promise<MoveLock> {
  const nodes = [...new Set(links)];
  const token = randomUUID();
  for (let attempt = 1; ; attempt++) {
    const places = (await mapBounded(nodes, AT_ONCE, (link) => enter(link, token))).filter((place) => place !== undefined);
    const lock = held(places);
    const rival = (await mapBounded(places, AT_ONCE, (place) => rivalAt(place, token))).find((one) => one !== undefined);
    if (rival === undefined) return lock;
    lock.release();
    if (attempt < ATTEMPTS) await delay(PAUSE_MS * (0.2 + Math.random()), signal);
    else throw movingNow(rival.link, rival.holder);
  }
}
