// Commands of snapshots, the append-only file, replication and the end of the process. This version keeps data in memory
// only and does not replicate: what would promise either is refused.
import { ErrorReply, NO_REPLY, OK } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import type { CommandContext } from '../dispatch/context.js';
import { SYNTAX } from '../dispatch/errors.js';

type Args = readonly string[];

const IN_MEMORY = new ErrorReply('ERR persistence is not part of this version: the node keeps data in memory only');
const NO_REPLICATION = new ErrorReply('ERR replication is not part of this version of the node');

function refuseSaving(): never {
  throw IN_MEMORY;
}
function refuseReplication(): never {
  throw NO_REPLICATION;
}

export const save: () => ServerReply = refuseSaving;
export const bgrewriteaof: () => ServerReply = refuseSaving;
export const sync: () => ServerReply = refuseReplication;
export const psync: () => ServerReply = refuseReplication;

export function bgsave(_ctx: CommandContext, args: Args): ServerReply {
  if (args.length > 2 || (args.length === 2 && args[1]!.toLowerCase() !== 'schedule')) throw SYNTAX;
  return refuseSaving();
}

/** As in Redis before the first save: when the node started. */
export const lastsave = ({ node }: CommandContext): ServerReply => Math.floor(node.startedAt / 1000);

export const role = (): ServerReply => ['master', 0, []];

const replicate = (name: string) => ({ node }: CommandContext, args: Args): ServerReply => {
  if (node.cluster) throw new ErrorReply(`ERR ${name} not allowed in cluster mode.`);
  if (args[1]!.toLowerCase() === 'no' && args[2]!.toLowerCase() === 'one') return OK;
  const port = Number(args[2]);
  if (!/^\d{1,5}$/.test(args[2]!) || port > 65_535) throw new ErrorReply('ERR Invalid master port');
  return refuseReplication();
};
export const replicaof = replicate('REPLICAOF');
export const slaveof = replicate('REPLICAOF');

export function shutdown({ node, client }: CommandContext, args: Args): ServerReply {
  const words = new Set<string>();
  for (const word of args.slice(1)) words.add(word.toLowerCase());
  for (const word of words) if (!['save', 'nosave', 'now', 'force', 'abort'].includes(word)) throw SYNTAX;
  if (words.has('save') && words.has('nosave')) throw SYNTAX;
  if (words.has('abort')) {
    if (words.size > 1) throw SYNTAX;
    throw new ErrorReply('ERR No shutdown in progress.');
  }
  if (words.has('save') && !words.has('force')) {
    node.log.warning('SHUTDOWN SAVE refused: this version keeps data in memory only. SHUTDOWN NOSAVE ends the node.');
    throw new ErrorReply('ERR Errors trying to SHUTDOWN. Check logs.');
  }
  node.log.warning('User requested shutdown...');
  // The client learns of success by the end of its connection.
  client.close();
  node.shutdown();
  return NO_REPLY;
}
