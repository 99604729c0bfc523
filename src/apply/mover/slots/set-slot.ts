// CLUSTER SETSLOT for many slots in one write, repeated when the connection breaks (it is idempotent). Not here: the order in
// which nodes learn a slot's new owner (slot-handover.ts).
import { counted } from '../../../cluster/counted.js';
import type { Arg } from '../../../resp/command.js';
import type { Reply } from '../../../resp/reply.js';
import type { PipelineReply } from '../../../client/connection.js';
import { setSlotCommand } from '../../../client/admin.js';
import type { SlotState } from '../../../client/admin.js';
import { TribError, messageOf } from '../../../errors.js';
import { ReplyError } from '../../../resp/reply.js';
import type { NodeLink } from '../../node/node-link.js';
import { oneLine } from '../../../resp/visible.js';
import { replicatesSetSlot, takesSetSlotInTransaction } from '../../node/slot-transaction.js';
import type { MoverSettings } from '../pacing/options.js';
import { isTransient, retrying } from '../safety/retry.js';

/** A command that each connection sends right before the others, and what is done with its reply. */
export interface FirstCommand {
  readonly command: readonly Arg[];
  readonly onReply: (reply: PipelineReply | undefined) => void;
}

/**
 * Sends one SETSLOT per slot; returns the slots that were refused permanently. `connectionCount`: number of connections to use,
 * for nodes that delay each reply (SlotMethods). Throws when the node stays unreachable or keeps refusing.
 */
export async function setSlots(
  settings: MoverSettings,
  link: NodeLink,
  slots: readonly number[],
  state: SlotState,
  nodeId: string,
  connectionCount = 1,
  first?: FirstCommand,
): Promise<Map<number, ReplyError>> {
  const command = (slot: number): string[] => (state === 'STABLE' ? setSlotCommand(slot, state) : setSlotCommand(slot, state, nodeId));
  return retrying(settings, link, async () => refusals(slots, await sendInParallel(link, slots.map(command), connectionCount, first)));
}

/** Runs commands over several connections in parallel; replies in the order of the commands. */
export async function sendInParallel(link: NodeLink, commands: readonly (readonly Arg[])[], connectionCount: number, first?: FirstCommand): Promise<PipelineReply[]> {
  const connections = connectionCount <= 1 || commands.length <= 1 ? [await link.connection()] : await link.connections(Math.min(connectionCount, commands.length));
  const replies = new Array<PipelineReply>(commands.length);
  await Promise.all(
    connections.map(async (connection, turn) => {
      const mine = commands.map((_, index) => index).filter((index) => index % connections.length === turn);
      const got = await connection.pipeline([...(first === undefined ? [] : [first.command]), ...mine.map((index) => commands[index] ?? [])]);
      if (first !== undefined) first.onReply(got.shift());
      mine.forEach((index, at) => (replies[index] = got[at] ?? null));
    }),
  );
  return replies;
}

/** Throws a refusal that is transient. */
function refusals(slots: readonly number[], replies: readonly (Reply | ReplyError)[]): Map<number, ReplyError> {
  const refused = new Map<number, ReplyError>();
  replies.forEach((reply, index) => {
    if (!(reply instanceof ReplyError)) return;
    if (isTransient(reply)) throw reply;
    refused.set(slots[index] ?? -1, reply);
  });
  return refused;
}

/** How a node handles SETSLOT. */
export interface SlotMethods {
  /** Accepts SETSLOT inside MULTI (slot-transaction.ts). */
  readonly inMulti: boolean;
  /** Connections to use. Valkey 8 replicates each SETSLOT and replies when its replicas have confirmed it. */
  readonly connectionCount: number;
  /** Keeps a slot's not-claimed flag (owner_not_claiming_slot) when its owner changes: 7.0 does (cluster-node.md 3.4.2). */
  readonly keepsNotClaimedFlag: boolean;
  /** Announces slots it has taken to all nodes at once; servers before 7.0 do not. */
  readonly announces: boolean;
  /** Takes slots that it imports over when a packet of their source does not claim them (importerTakesOver). */
  readonly takesOver: boolean;
}

/** The shared connection and up to 31 more, to a Valkey 8 with replicas: each SETSLOT there waits for them. */
const MAX_CONNECTIONS = 32;

/** Read from the node's INFO. When unknown, the slower and safer values: no MULTI, and wait for the bus. */
export async function slotMethods(link: NodeLink): Promise<SlotMethods> {
  const [server, replication] = await (await link.connection()).pipeline([['INFO', 'server'], ['INFO', 'replication']]);
  if (typeof server !== 'string') return { inMulti: false, connectionCount: 1, keepsNotClaimedFlag: true, announces: true, takesOver: true };
  const version = /^redis_version:(\d+)\.(\d+)/m.exec(server);
  const valkey = /^(valkey_version|server_name:valkey)/m.test(server);
  const alone = typeof replication === 'string' && /^connected_slaves:0\b/m.test(replication);
  return { inMulti: takesSetSlotInTransaction(server), connectionCount: replicatesSetSlot(server) === true && !alone ? MAX_CONNECTIONS : 1, keepsNotClaimedFlag: !valkey && version?.[1] === '7' && version[2] === '0', announces: Number(version?.[1]) >= 7, takesOver: replicatesSetSlot(server) !== false };
}

/** How a node takes slots over. */
export interface TakeMethods {
  /** Accepts many slots with one announcement; see takeSlots. */
  readonly together: boolean;
  /** Announces slots it has taken to all nodes at once. */
  readonly announces: boolean;
  /** SlotMethods.connectionCount of the target. */
  readonly targetConnections: number;
  /** SlotMethods.takesOver of the target; unknown counts as true. */
  readonly takesOver?: boolean;
}

/** Users without the right to MULTI transfer slots one by one. */
export async function takeMethods(link: NodeLink): Promise<Required<TakeMethods>> {
  const { inMulti, connectionCount, announces, takesOver } = await slotMethods(link);
  if (!inMulti || !announces) return { together: false, announces, targetConnections: connectionCount, takesOver };
  const [multi, exec] = await (await link.connection()).pipeline([['MULTI'], ['EXEC']]);
  return { together: multi === 'OK' && Array.isArray(exec), announces, targetConnections: connectionCount, takesOver };
}

/**
 * The commands that make the importer the owner with two announcements instead of one per slot, and the index of each slot's
 * reply.
 */
export function takeSlotsCommands(slots: readonly number[], owner: string): { readonly commands: Arg[][]; readonly verdicts: readonly number[] } {
  const commands: Arg[][] = [];
  const verdicts = slots.map((slot, index) => {
    // SETSLOT NODE bumps the epoch and broadcasts only for a slot in importing state. So only the first slot (to win the claim)
    // and the last (to announce all) are still importing; STABLE ends the import of the others.
    if (index > 0 && index < slots.length - 1) commands.push(setSlotCommand(slot, 'STABLE'));
    return commands.push(setSlotCommand(slot, 'NODE', owner)) - 1;
  });
  return { commands, verdicts };
}

/**
 * Makes the importer the owner of all slots in one transaction. A server announces each end of an import to all nodes, and each
 * of them scans all 16384 slots; 32 in a row stall every node for milliseconds. Inside MULTI no client command and no epoch
 * change can come between import and ownership.
 */
export async function takeSlots(settings: MoverSettings, link: NodeLink, slots: readonly number[]): Promise<Map<number, ReplyError>> {
  const { commands, verdicts } = takeSlotsCommands(slots, link.id);
  return retrying(settings, link, async () => {
    const connection = await link.connection();
    const replies = await connection.pipeline([['MULTI'], ...commands, ['EXEC']]);
    const results = replies[replies.length - 1];
    if (Array.isArray(results)) return refusals(slots, verdicts.map((at) => results[at] ?? null));
    const refused = replies.find((reply) => reply instanceof ReplyError);
    if (refused instanceof ReplyError && isTransient(refused)) throw refused;
    // A node over maxmemory refuses to queue: send each SETSLOT separately, which is idempotent.
    return refusals(slots, await connection.pipeline(slots.map((slot) => setSlotCommand(slot, 'NODE', link.id))));
  });
}

/** A master that gave away its last slot has become a replica and refuses SETSLOT. This is expected. */
export const NO_MASTER_ANY_MORE = /only with (masters|primaries)/i;

/** Sends a slot's new owner to a master outside the move. A refusal is a warning: gossip propagates the owner anyway. */
export async function announceOwner(settings: MoverSettings, other: NodeLink, slots: readonly number[], owner: string): Promise<void> {
  const impatient = { ...settings, retryMs: 500 };
  try {
    const refused = await setSlots(impatient, other, slots, 'NODE', owner);
    for (const [slot, error] of refused) {
      if (NO_MASTER_ANY_MORE.test(error.message)) continue;
      settings.emit({ kind: 'warning', code: 'NOT_TOLD', message: `${other.name} refused the new owner of slot ${slot}: ${error.message}`, slot });
    }
  } catch (error) {
    const text = messageOf(error);
    settings.emit({ kind: 'warning', code: 'NOT_TOLD', message: `${other.name} did not get the new owner of ${counted(slots.length, 'slot')} (gossip will propagate it): ${text}` });
  }
}

/** Throws SETSLOT_REFUSED naming the first of the refused slots. */
export function failOnRefusal(refused: ReadonlyMap<number, ReplyError>, link: NodeLink): void {
  const [first] = refused;
  if (first === undefined) return;
  const [slot, error] = first;
  throw new TribError('SETSLOT_REFUSED', `Node ${link.name} refused slot ${slot}: ${oneLine(error.message)}`, { hint: 'run check; fix completes or closes open slots', cause: error });
}
