// Nodes outside a list of nodes that are alive although the listed ones flag them as failed or have no link to them: a server that loads its
// data replies to clients but not to the cluster bus. Read-only.
import { formatAddress } from '../../cluster/address.js';
import { LineCache, type NodeLine } from '../../cluster/nodes-text.js';
import type { NodeContents } from '../../plan/emptying.js';
import { readNodeView } from '../cluster/read-node-view.js';
import { failureOf } from '../cluster/visit-members.js';
import type { ClusterOptions } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';

/** Milliseconds for a connection; a server that loads its data replies between two chunks of it. */
const CONNECT_MS = 1000;
const REPLY_MS = 3000;

/** Whether the server at the address is this node, or refuses to say who it is. Throws only on abort. */
async function replies(line: NodeLine, options: ClusterOptions): Promise<boolean> {
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

/** Ids of nodes that the listed nodes know, that are not listed themselves, and that reply at an address known for them. */
export async function livingOutsiders(listed: readonly NodeContents[], options: ClusterOptions): Promise<ReadonlySet<string>> {
  const ids = new Set(listed.map(({ id }) => id));
  const all = listed.flatMap(({ lines }) => lines);
  const places = new Set([...listed.map(({ name }) => name), ...all.filter(({ myself }) => myself).map(formatAddress)]);
  const asked = new Map(
    all
      .filter((line) => !ids.has(line.id) && !line.flags.includes('handshake') && line.host !== '' && line.port !== 0 && !places.has(formatAddress(line)))
      .map((line) => [`${line.id} ${formatAddress(line)}`, line]),
  );
  const alive = await mapBounded([...asked.values()], options.concurrency ?? 64, async (line) => ((await replies(line, options)) ? [line.id] : []));
  return new Set(alive.flat());
}
