// Checks whether an unfinished move can continue, before the plan decides: the user must be allowed to MIGRATE, and the
// receiver must accept the other node's payload version. Changes nothing. Not here: the decision to undo a move
// (plan/fix/rules/).
import { randomBytes } from 'node:crypto';
import { migrateCommand } from '../../client/migrate-command.js';
import { asStrings } from '../../client/read-reply.js';
import { keySlot } from '../../cluster/slots.js';
import type { MoveObstacles } from '../../plan/fix/rule.js';
import { pairOf } from '../../plan/fix/unfinished-move.js';
import type { SlotKeyCounts } from '../../plan/fix/facts.js';
import type { FixPlan } from '../../plan/fix/step.js';
import { eachSlot } from '../../plan/step.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import type { NodeLink } from '../node/node-link.js';
import { databasesWithKeys } from '../node/slot-keys.js';

/**
 * How many keys of a slot are compared to find a small one to try, and its maximum size (its payload passes through this
 * process).
 */
const CANDIDATES = 10;
const MAX_BYTES = 1 << 20;
const TIMEOUT_MS = 1000;

/** An unused key name in the slot. */
function unusedKey(slot: number): string {
  for (;;) {
    const name = `redis-trib-probe-${randomBytes(12).toString('hex')}`;
    if (keySlot(name) === slot) return name;
  }
}

/** Why the user may not MIGRATE on the node. For an absent key MIGRATE replies NOKEY without connecting. */
async function withoutMigrate(from: NodeLink, to: NodeLink, slot: number): Promise<string | undefined> {
  const command = migrateCommand({ host: to.announced.host, port: to.announced.port, keys: [unusedKey(slot)], timeoutMs: TIMEOUT_MS, ...to.credentials });
  const [reply] = await (await from.connection()).pipeline([command]);
  const refused = reply instanceof ReplyError && (reply.code === 'NOPERM' || /unknown command/i.test(reply.message));
  return refused ? `MIGRATE is not available on ${from.name}: ${fromBinary(reply.message)}` : undefined;
}

/** The DUMP of a small key of the slot; undefined when there is none. */
async function sample(link: NodeLink, slot: number): Promise<string | undefined> {
  for (const database of await databasesWithKeys(link)) {
    const connection = await link.connection(database);
    const keys = asStrings(await connection.command(['CLUSTER', 'GETKEYSINSLOT', slot, CANDIDATES]));
    const sizes = await connection.pipeline(keys.flatMap((key) => [['ASKING'], ['MEMORY', 'USAGE', key]]));
    const sized = keys.map((key, index) => ({ key, bytes: Number(sizes[2 * index + 1] ?? Infinity) })).filter(({ bytes }) => bytes <= MAX_BYTES);
    const [best] = sized.sort((a, b) => a.bytes - b.bytes);
    if (best === undefined) continue;
    const [, payload] = await connection.pipeline([['ASKING'], ['DUMP', best.key]]);
    if (typeof payload === 'string') return payload;
  }
  return undefined;
}

/** Why the node rejects the payload. RESTORE with an expiry in the past validates the payload and creates no key. */
async function refusedPayload(from: NodeLink, to: NodeLink, slot: number): Promise<string | undefined> {
  const payload = await sample(from, slot);
  if (payload === undefined) return undefined;
  const [, reply] = await (await to.connection()).pipeline([['ASKING'], ['RESTORE', unusedKey(slot), 1, payload, 'ABSTTL']]);
  const refused = reply instanceof ReplyError && /payload version|Bad data format/i.test(reply.message);
  return refused ? `${to.name} does not accept the data of ${from.name}: ${fromBinary(reply.message)}` : undefined;
}

/** Why keys of the slot cannot move from one node to the other; undefined when no obstacle is known. */
async function obstacle(from: NodeLink, to: NodeLink, slot: number): Promise<string | undefined> {
  return (await withoutMigrate(from, to, slot)) ?? (await refusedPayload(from, to, slot));
}

/**
 * Finds why keys cannot move between two nodes. Checks each pair of nodes of a finish-move decision, in each direction with one
 * slot that has keys. Throws the connection's error.
 */
export async function readMoveObstacles(plan: FixPlan, counts: SlotKeyCounts, links: ReadonlyMap<string, NodeLink>): Promise<MoveObstacles> {
  const forward = new Map<string, string>();
  const back = new Map<string, string>();
  for (const decision of plan.decisions) {
    if (decision.code !== 'finish-move' || decision.source === null) continue;
    const [source, target] = [links.get(decision.source), links.get(decision.owner)];
    if (source === undefined || target === undefined) continue;
    const pair = pairOf(source.id, target.id);
    const withKeys = (link: NodeLink): number | undefined => [...eachSlot(decision.slots)].find((slot) => (counts.get(link.id)?.[slot] ?? 0) > 0);
    const [going, returning] = [withKeys(source), withKeys(target)];
    const why = going === undefined || forward.has(pair) ? undefined : await obstacle(source, target, going);
    if (why !== undefined) forward.set(pair, why);
    const whyNot = returning === undefined || back.has(pair) ? undefined : await obstacle(target, source, returning);
    if (whyNot !== undefined) back.set(pair, whyNot);
  }
  return { forward, back };
}
