// INFO, TIME, DBSIZE, flushing and swapping databases, MONITOR, LOLWUT.
import type { Args } from '../../exec/command.js';
import { ErrorReply, OK, VerbatimReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { intArg, rangedArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { DB_RANGE, SYNTAX } from '../../errors.js';
import { infoText } from '../../info/info.js';
import type { Database } from '../../keyspace/database.js';
import { REDIS_VERSION } from '../../runtime/version.js';

export const info = ({ node }: CommandContext, args: Args): ServerReply => new VerbatimReply(infoText(node, args.slice(1)));

export function time({ node }: CommandContext): ServerReply {
  const { seconds, micros } = node.clock.micros();
  return [String(seconds), String(micros)];
}

export const dbsize = ({ db }: CommandContext): ServerReply => db.size;

export function flushdb(ctx: CommandContext, args: Args): ServerReply {
  checkFlush(args);
  flush(ctx, [ctx.db]);
  return OK;
}

export function flushall(ctx: CommandContext, args: Args): ServerReply {
  checkFlush(args);
  flush(ctx, ctx.keyspace.databases);
  ctx.node.persistence.flushedAll();
  // flushedAll() may have saved, which resets the counter. As in Redis, FLUSHALL counts as one change after that save.
  ctx.keyspace.dirty++;
  return OK;
}

/** ASYNC and SYNC are equal here: emptying a database replaces it by an empty one in constant time. */
function checkFlush(args: Args): void {
  if (args.length > 2 || (args.length === 2 && !/^a?sync$/i.test(args[1]!))) throw SYNTAX;
}

function flush({ keyspace, node }: CommandContext, databases: readonly Database[]): void {
  node.effects.force();
  for (const db of databases) keyspace.dirty += db.flush();
  keyspace.hooks.flushed(databases.length === 1 ? databases[0]!.index : -1);
}

export function swapdb({ node, keyspace }: CommandContext, args: Args): ServerReply {
  if (node.cluster) throw new ErrorReply('ERR SWAPDB is not allowed in cluster mode');
  const first = intArg(args[1], new ErrorReply('ERR invalid first DB index'));
  const second = intArg(args[2], new ErrorReply('ERR invalid second DB index'));
  const count = keyspace.databases.length;
  if (first < 0 || second < 0 || first >= count || second >= count) throw DB_RANGE;
  if (first !== second) keyspace.swap(first, second);
  keyspace.dirty++;
  return OK;
}

export function monitor({ node, client }: CommandContext): ServerReply {
  if (client.executing) throw new ErrorReply("ERR MONITOR isn't allowed for DENY BLOCKING client");
  client.monitor = true;
  node.monitors.add(client);
  return OK;
}

/** Redis draws a picture; this node only replies with its version. */
export function lolwut(_ctx: CommandContext, args: Args): ServerReply {
  if (args.length >= 3 && args[1]!.toUpperCase() === 'VERSION') rangedArg(args[2], -2_147_483_648, 2_147_483_647);
  return new VerbatimReply(`Redis ver. ${REDIS_VERSION}\n`);
}
