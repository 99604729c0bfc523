// Asks one address whether a certain node is alive there, whatever the other nodes say of it: a server that loads its data
// replies to clients but not to the cluster bus. Read-only.
import { LineCache, type NodeLine } from '../../cluster/nodes-text.js';
import type { ClusterOptions } from '../node/node-link.js';
import { readNodeView } from './read-node-view.js';
import { failureOf } from './visit-members.js';

/** Milliseconds for a connection; a server that loads its data replies between two chunks of it. */
const CONNECT_MS = 1000;
const REPLY_MS = 3000;

/** Whether the server at the address is this node, or refuses to say who it is. Throws only on abort. */
export async function repliesAt(line: Pick<NodeLine, 'id' | 'host' | 'port'>, options: ClusterOptions): Promise<boolean> {
  const announced = { host: line.host, port: line.port };
  const quick = { ...options, connectTimeoutMs: Math.min(options.connectTimeoutMs ?? CONNECT_MS, CONNECT_MS), commandTimeoutMs: Math.min(options.commandTimeoutMs ?? REPLY_MS, REPLY_MS) };
  try {
    const { connection, self } = await readNodeView(options.addressMap?.(announced) ?? announced, quick, new LineCache(), undefined, announced);
    connection.close();
    return self.id === line.id;
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    return failureOf(error).replied !== undefined;
  }
}

