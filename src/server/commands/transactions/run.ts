// MULTI, EXEC, DISCARD, WATCH, UNWATCH. Queueing is done by the executor.
import { GeneratedReply } from '../../../resp/long-reply.js';
import { ErrorReply, NULL_ARRAY, OK } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { BLOCKED } from '../../exec/block-request.js';
import type { CommandContext } from '../../exec/context.js';
import type { Client } from '../../exec/client.js';
import { EXECABORT } from '../../errors.js';

/** Maximum rows of a reply that a transaction keeps in memory until EXEC replies. */
const MAX_SETTLED = 1 << 23;
const TOO_MANY = new ErrorReply('ERR Insufficient memory, a reply of that many elements cannot be part of a transaction');
const NESTED = new ErrorReply('ERR MULTI calls can not be nested');
const WATCH_INSIDE = new ErrorReply('ERR WATCH inside MULTI is not allowed');
const EXEC_WITHOUT = new ErrorReply('ERR EXEC without MULTI');
const DISCARD_WITHOUT = new ErrorReply('ERR DISCARD without MULTI');

export function multi({ client }: CommandContext): ServerReply {
  if (client.transaction !== null) throw NESTED;
  client.transaction = { queue: [], broken: false };
  return OK;
}

export function discard({ client }: CommandContext): ServerReply {
  if (client.transaction === null) throw DISCARD_WITHOUT;
  client.transaction = null;
  client.unwatchAll();
  return OK;
}

export function watch(ctx: CommandContext, args: readonly string[]): ServerReply {
  const { client, db } = ctx;
  if (client.transaction !== null) throw WATCH_INSIDE;
  for (const key of args.slice(1)) {
    if (client.watching.some((w) => w.key === key && w.db === db)) continue;
    const expiredAtWatch = isExpired(ctx, key);
    db.watch(key, client);
    client.watching.push({ db, key, expiredAtWatch });
  }
  return OK;
}

export function unwatch({ client }: CommandContext): ServerReply {
  client.unwatchAll();
  return OK;
}

function isExpired(ctx: CommandContext, key: string): boolean {
  const at = ctx.db.expiry(key);
  return at !== undefined && at < ctx.now;
}

/** A watched key that expired after WATCH counts as changed, deleted or not. */
function watchedKeyExpired(client: Client): boolean {
  return client.watching.some(({ db, key, expiredAtWatch }) => {
    const at = db.expiry(key);
    return !expiredAtWatch && at !== undefined && at < client.keyspace.now;
  });
}

/** The complete reply: one that is generated while it is written would show the effects of later queued commands. */
function settled(reply: ServerReply): ServerReply {
  if (!(reply instanceof GeneratedReply)) return reply;
  return reply.rows > MAX_SETTLED ? TOO_MANY : reply.settled();
}

export function exec(ctx: CommandContext): ServerReply {
  const { client } = ctx;
  const { transaction } = client;
  if (transaction === null) throw EXEC_WITHOUT;
  const changed = client.dirtyCas || watchedKeyExpired(client);
  client.transaction = null;
  client.unwatchAll();
  if (transaction.broken) throw EXECABORT;
  if (changed) return NULL_ARRAY;
  client.executing = true;
  const replies: ServerReply[] = [];
  for (const queued of transaction.queue) {
    const reply = queued.run();
    // A blocking handler replies at once inside EXEC; BLOCKED here would be a bug of the handler.
    replies.push(reply === BLOCKED ? new ErrorReply('ERR blocking is not possible inside a transaction') : settled(reply));
  }
  client.executing = false;
  ctx.node.effects.none(); // The queued commands have recorded their own effects.
  return replies;
}
