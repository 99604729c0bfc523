// Reads one node's view of its cluster (INFO and CLUSTER NODES) with the connection it came over. Not here: which nodes to ask
// (visit-members.ts), combining many views (load.ts).
import type { Address } from '../../cluster/address.js';
import { formatAddress } from '../../cluster/address.js';
import type { LineCache, NodeLine } from '../../cluster/nodes-text.js';
import { parseNodesText } from '../../cluster/nodes-text.js';
import type { Connection, RequestOptions } from '../../client/connection.js';
import { accessFailure, replyFailure } from '../../client/connection-errors.js';
import { asString } from '../../client/read-reply.js';
import { ExitCode, TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import type { ClusterOptions, NodeLink } from '../node/node-link.js';
import { dial } from '../node/node-link.js';

export interface NodeView {
  readonly connection: Connection;
  /** The link whose connection was reused. */
  readonly link: NodeLink | undefined;
  readonly address: Address;
  readonly self: NodeLine;
  readonly lines: readonly NodeLine[];
}

/** `server`: its INFO, when it was asked. */
function notACluster(address: Address, server = ''): TribError {
  if (/^redis_mode:sentinel\b/m.test(server)) {
    return new TribError('NOT_A_CLUSTER', `[ERR] Node ${formatAddress(address)} is a Sentinel, not a cluster node.`, {
      exitCode: ExitCode.unreachable,
      hint: 'give the address of a Redis or Valkey node with cluster-enabled yes; Sentinels serve deployments without cluster mode',
    });
  }
  return new TribError('NOT_A_CLUSTER', `[ERR] Node ${formatAddress(address)} is not configured as a cluster node.`, {
    exitCode: ExitCode.unreachable,
    hint: 'start it with cluster-enabled yes, or give the address of a cluster node',
  });
}

/** Turns an error reply about access into a message with a hint, and adds the node's name to protocol errors. */
function explain(address: Address, error: unknown): unknown {
  const name = formatAddress(address);
  if (error instanceof TribError && error.code === 'PROTOCOL' && !error.message.includes(name)) {
    return new TribError(error.code, `Node ${name}: ${error.message}`, { exitCode: error.exitCode, ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error.cause });
  }
  if (!(error instanceof ReplyError)) return error;
  if (/cluster support disabled/i.test(error.message)) return notACluster(address);
  const access = accessFailure(address.host, address.port, error);
  if (access !== undefined) return access;
  const { code, message, hint } = replyFailure(error, name);
  return new TribError(code, message, { exitCode: ExitCode.unreachable, cause: error, ...(hint === undefined ? {} : { hint }) });
}

/** INFO server; empty when refused. */
async function serverInfo(connection: Connection, options: RequestOptions): Promise<string> {
  const [text] = await connection.pipeline([['INFO', 'server']], options).catch(() => []);
  return typeof text === 'string' ? text : '';
}

/**
 * Connects to one node (or reuses a link) and reads its view of the cluster. `announced`: its address as other nodes list it.
 * Throws TribError: NOT_A_CLUSTER, NOAUTH, NOPERM, or as Connection.connect.
 */
export async function readNodeView(address: Address, options: ClusterOptions, cache: LineCache, link?: NodeLink, announced = address): Promise<NodeView> {
  const connection = await (link === undefined ? dial(address, options, announced) : link.connection());
  try {
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const [info, nodes] = await connection.pipeline([['INFO', 'cluster'], ['CLUSTER', 'NODES']], signal);
    if (info instanceof ReplyError && accessFailure(address.host, address.port, info)) throw info;
    if (typeof info === 'string' && !/^cluster_enabled:1\r?$/m.test(info)) throw notACluster(address, await serverInfo(connection, signal));
    const lines = parseNodesText(asString(nodes), cache);
    const self = lines.find((line) => line.myself);
    if (self === undefined) throw new TribError('PROTOCOL', `CLUSTER NODES of ${formatAddress(address)} has no line about itself`, { exitCode: ExitCode.unreachable });
    return { connection, link, address, self, lines };
  } catch (error) {
    if (link === undefined) connection.close();
    throw explain(address, error);
  }
}
