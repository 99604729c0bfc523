// MULTI, EXEC, DISCARD, WATCH, UNWATCH. Queueing itself is a gate of the dispatcher.
import { ErrorReply, NULL_ARRAY, OK } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import { BLOCKED } from '../dispatch/block-request.js';
import type { CommandContext } from '../dispatch/context.js';
import type { Client } from '../dispatch/client.js';
import { EXECABORT } from '../dispatch/errors.js';

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

/** A watched key whose time passed after WATCH counts as changed, deleted or not. */
function watchedKeyExpired(client: Client): boolean {
  return client.watching.some(({ db, key, expiredAtWatch }) => {
    const at = db.expiry(key);
    return !expiredAtWatch && at !== undefined && at < client.keyspace.now;
  });
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
    // A handler that waits is told not to inside EXEC; BLOCKED here would be a handler's bug.
    replies.push(reply === BLOCKED ? new ErrorReply('ERR blocking is not possible inside a transaction') : reply);
  }
  client.executing = false;
  return replies;
}
