// Slot commands (SETSLOT, DELSLOTS, BUMPEPOCH) as one transaction, on servers that accept SETSLOT inside MULTI. Only this file
// knows which servers do. Not here: which commands, and their order.
import type { ClusterView } from '../../cluster/view.js';
import type { Connection, PipelineReply } from '../../client/connection.js';
import { TribError } from '../../errors.js';
import type { Arg } from '../../resp/command.js';
import { ReplyError } from '../../resp/reply.js';
import type { NodeLink } from './node-link.js';

/** Valkey replicates SETSLOT since this version. */
const VALKEY_REPLICATES = 8;

/**
 * Whether the server sends every SETSLOT to its replicas and blocks the client until they have it (Valkey 8 and later), by its
 * reply to INFO server. Undefined when unknown. A blocked client inside EXEC fails an assertion: such a server aborts if it has
 * an online replica (valkey 8.1 and 9.1, multi.c, `blocked == 0`).
 */
export function replicatesSetSlot(info: PipelineReply | undefined): boolean | undefined {
  if (typeof info !== 'string') return undefined;
  const version = /^valkey_version:(\d+)/m.exec(info)?.[1];
  if (version === undefined) return /^server_name:valkey/m.test(info);
  return Number(version) >= VALKEY_REPLICATES;
}

/**
 * Whether a node that imports a slot takes it over as soon as a packet of its source does not claim the slot, whichever node
 * owns it (Valkey 8 and later, seen on 8.1 and 9.1); the former owner then deletes its keys. Such a node may import only from a
 * node that claims the slot in every packet still on its way. True when unknown.
 */
export async function importerTakesOver(link: NodeLink): Promise<boolean> {
  const [info] = await (await link.connection()).pipeline([['INFO', 'server']]);
  return replicatesSetSlot(info) !== false;
}

/**
 * Masters, by id, whose replicas have open slots that the master does not have, and that replicate the command to close them.
 */
export async function replicatingMasters(view: ClusterView, links: ReadonlyMap<string, NodeLink>): Promise<Set<string>> {
  const left = view.replicas.filter((node) => view.openSlots(node).migrating.size + view.openSlots(node).importing.size > 0);
  const masters = [...new Set(left.map(({ masterId }) => masterId))].flatMap((id) => links.get(id ?? '') ?? []);
  const answers = await Promise.all(masters.map(async (link) => (await (await link.connection()).pipeline([['INFO', 'server']]))[0]));
  return new Set(masters.filter((_, index) => replicatesSetSlot(answers[index]) === true).map(({ id }) => id));
}

/** Whether CLUSTER SETSLOT is permitted between MULTI and EXEC. False when the server is unknown. */
export function takesSetSlotInTransaction(info: PipelineReply | undefined): boolean {
  return replicatesSetSlot(info) === false;
}

/**
 * Sends slot commands as one transaction where the server accepts them, else one after another in a single write; the sequence
 * itself must be safe. Returns one outcome per command. Rejects with the error that refused the whole transaction.
 */
export async function sendSlotCommands(connection: Connection, commands: readonly (readonly Arg[])[]): Promise<PipelineReply[]> {
  if (commands.length === 0) return [];
  const [info] = await connection.pipeline([['INFO', 'server']]);
  if (!takesSetSlotInTransaction(info)) return connection.pipeline(commands);
  const replies = await connection.pipeline([['MULTI'], ...commands, ['EXEC']]);
  const end = replies[replies.length - 1];
  // Valkey with the Raft bus refuses them inside MULTI (cli.md 6.7); outside, each waits until all nodes agree.
  if (end instanceof ReplyError && end.code === 'EXECABORT') return connection.pipeline(commands);
  // For a user without the right to MULTI, every command has run on its own, in this order.
  if (replies[0] instanceof ReplyError) return replies.slice(1, -1);
  if (Array.isArray(end)) return end;
  throw replies.find((reply) => reply instanceof ReplyError) ?? new TribError('PROTOCOL', `${connection.host}:${connection.port} did not execute a transaction`);
}
