// The checks before a command runs, in Redis's order, which determines the error a client gets. Each gate is a small function
// that returns an error or null. Existence and arity are checked in executor.ts. Waiting (pause, locked keys) is not an error.
import { ErrorReply } from '../../resp/server-reply.js';
import { LOADING, MASTERDOWN, NOAUTH, OOM, REPLICA_KEYSPACE } from '../errors.js';
import type { Command } from './command.js';
import type { CommandOf } from './command-of.js';
import { errorForRoute } from './routing.js';
import type { Origin, ServedClient } from './served-client.js';

/** A command that is about to run or to be queued. */
export interface Call {
  readonly origin: Origin;
  readonly client: ServedClient;
  readonly command: Command;
  readonly args: readonly string[];
}

export type Gate = (call: Call) => ErrorReply | null;

/** Run at once even in a transaction. */
const IMMEDIATE = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset']);
/** Commands permitted on a RESP2 connection in subscribed mode. */
const WHILE_SUBSCRIBED = new Set([
  'ping', 'subscribe', 'ssubscribe', 'unsubscribe', 'sunsubscribe', 'psubscribe', 'punsubscribe', 'quit', 'reset',
]);
const NOT_IN_MULTI = new ErrorReply('ERR Command not allowed inside a transaction');

/** Whether a command is queued because its client has a transaction open. */
export const isQueued = (client: ServedClient, command: Command): boolean => client.transaction !== null && !IMMEDIATE.has(command.fullName);

const authenticated: Gate = ({ client, command }) => (client.authenticated || command.noAuth ? null : NOAUTH);

const allowedInTransaction: Gate = ({ client, command }) => (client.transaction !== null && command.noMulti ? NOT_IN_MULTI : null);

const servedHere: Gate = ({ client, command, args }) => {
  const { cluster } = client.node;
  return cluster === null ? null : errorForRoute(cluster, client, command, args);
};

const memoryLeft: Gate = ({ client, command }) => (client.node.memory.full && needsMemory(client, command) ? OOM : null);

/** Any command of a transaction counts when EXEC runs it. */
const covers = (client: ServedClient, command: Command, has: (one: CommandOf) => boolean): boolean =>
  has(command) || (command.fullName === 'exec' && client.transaction?.queue.some((queued) => has(queued.command)) === true);

// persistence-replication.md 4.7: the order of these gates decides which of two errors is seen.
const writable: Gate = ({ client, command }) => {
  const { replication } = client.node;
  if (!replication.guarded || !covers(client, command, (one) => one.write)) return null;
  return replication.writeRefusal();
};

const fresh: Gate = ({ client, command }) =>
  client.node.replication.staleData && covers(client, command, (one) => !one.stale) ? MASTERDOWN : null;

/** The refusal is never sent: a replica's connection ends with it (4.5). */
const noKeysForReplicas: Gate = ({ client, command }) =>
  client.role === 'replica' && (command.write || command.readonly || command.mayReplicate) ? REPLICA_KEYSPACE : null;

function needsMemory(client: ServedClient, command: Command): boolean {
  if (command.denyOom) return true;
  if (client.transaction === null) return false;
  if (command.fullName === 'exec') return client.transaction.queue.some((queued) => queued.command.denyOom);
  return !IMMEDIATE.has(command.fullName);
}

/** PING is refused like writes, because monitoring systems use it to detect failures. */
const diskTrusted: Gate = ({ client, command }) => {
  const { writeError } = client.node.guard;
  return writeError !== null && (covers(client, command, (one) => one.write) || command.fullName === 'ping') ? writeError : null;
};

const loaded: Gate = ({ client, command }) => (client.node.guard.loading !== null && covers(client, command, (one) => !one.loading) ? LOADING : null);

const allowedWhileSubscribed: Gate = ({ client, command }) => {
  if (client.protocol !== 2 || client.subscriptions === 0 || WHILE_SUBSCRIBED.has(command.fullName)) return null;
  return new ErrorReply(
    `ERR Can't execute '${command.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
};

/** Queued commands have passed the gates; commands of a master or the append-only file are always executed. */
const GATES: Readonly<Record<Origin, readonly Gate[]>> = {
  client: [authenticated, allowedInTransaction, servedHere, memoryLeft, diskTrusted, writable, allowedWhileSubscribed, fresh, loaded, noKeysForReplicas],
  exec: [],
  replication: [],
  aof: [],
};

/** The first gate's error, or null when the command may run. */
export function refusalOf(call: Call): ErrorReply | null {
  for (const gate of GATES[call.origin]) {
    const refusal = gate(call);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Fast path: true when all client gates pass the request; false: call the gates. */
export function passesAtOnce(client: ServedClient, command: Command, args: readonly string[]): boolean {
  if (client.origin !== 'client' || !client.authenticated || client.transaction !== null) return false;
  const { cluster, memory, guard, replication } = client.node;
  if (memory.full || guard.active || client.subscriptions > 0 || replication.guarded || client.role !== 'normal') return false;
  if (cluster === null) return true;
  const only = command.singleKey;
  if (only === 0) return !command.hasKeys;
  return only < args.length && cluster.ownsStable(client.db.slotOf(args[only]!));
}
