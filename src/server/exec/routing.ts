// The cluster gate: whether a request belongs to this node (cluster-node.md 6.5). Collects the facts of the request; the
// decision is made in server/cluster.
import type { ErrorReply } from '../../resp/server-reply.js';
import type { Client } from './client.js';
import type { ClusterPort } from './ports/cluster-port.js';
import type { Command } from './command.js';
import { findKeys } from './keys.js';

const SHARD = new Set(['ssubscribe', 'sunsubscribe', 'spublish']);

/** The redirection or refusal for a request, or null when it is served here. */
export function errorForRoute(cluster: ClusterPort, client: Client, command: Command, args: readonly string[]): ErrorReply | null {
  const only = command.singleKey;
  if (only !== 0) {
    if (only >= args.length || cluster.ownsStable(client.db.slotOf(args[only]!))) return null;
  } else if (!command.hasKeys && command.fullName !== 'exec') {
    return null;
  }
  const keys = requestKeys(client, command, args);
  if (keys.length === 0) return null;
  const queue = command.fullName === 'exec' ? (client.transaction?.queue ?? []) : [];
  return cluster.route(
    {
      keys,
      write: command.write || queue.some((queued) => queued.command.write),
      readonly: client.readonly,
      asking: client.asking || command.asking,
      migrate: command.fullName === 'migrate' || queue.some((queued) => queued.command.fullName === 'migrate'),
      shardChannel: SHARD.has(command.fullName),
    },
    (key) => client.db.isLive(key),
  );
}

/** The keys of a request; for EXEC those of all queued commands. */
function requestKeys(client: Client, command: Command, args: readonly string[]): string[] {
  if (command.fullName !== 'exec') return findKeys(command, args).map(({ index }) => args[index]!);
  return (client.transaction?.queue ?? []).flatMap(({ command: one, args: words }) =>
    findKeys(one, words).map(({ index }) => words[index]!),
  );
}
