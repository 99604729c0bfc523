// Commands of snapshots, the append-only file and the end of the process.
import { NO_REPLY, OK, Simple, ErrorReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { CommandContext } from '../../exec/context.js';
import { shutdownOptions } from '../../exec/orderly-shutdown.js';
import { SYNTAX } from '../../errors.js';

type Args = readonly string[];

export function save({ node }: CommandContext): ServerReply {
  node.persistence.save();
  return OK;
}

export const bgrewriteaof = ({ node, client }: CommandContext): ServerReply => new Simple(node.persistence.rewriteAof(client.executing));

export function bgsave({ node, client }: CommandContext, args: Args): ServerReply {
  if (args.length > 2 || (args.length === 2 && args[1]!.toLowerCase() !== 'schedule')) throw SYNTAX;
  return new Simple(node.persistence.saveInBackground(args.length === 2, client.executing));
}

export const lastsave = ({ node }: CommandContext): ServerReply => node.persistence.lastSave;

export async function shutdown({ node, client }: CommandContext, args: Args): Promise<ServerReply> {
  const words = new Set<string>();
  for (const word of args.slice(1)) words.add(word.toLowerCase());
  for (const word of words) if (!['save', 'nosave', 'now', 'force', 'abort'].includes(word)) throw SYNTAX;
  if (words.has('save') && words.has('nosave')) throw SYNTAX;
  if (words.has('abort')) {
    if (words.size > 1) throw SYNTAX;
    if (node.orderlyShutdown.abort()) return OK;
    throw new ErrorReply('ERR No shutdown in progress.');
  }
  if (!(await node.orderlyShutdown.begin(shutdownOptions(words)))) throw new ErrorReply('ERR Errors trying to SHUTDOWN. Check logs.');
  // The client learns of success by the end of its connection.
  client.close();
  return NO_REPLY;
}
