// What a master says of itself in its CLUSTER NODES: its slots, and those that it has open. Read-only.
import { parseNodesText, type NodeLine } from '../../cluster/nodes-text.js';
import type { NodeLink } from '../node/node-link.js';

/** The node's own line; undefined when it is a replica or cannot be asked. */
export async function ownMasterLine(link: NodeLink): Promise<NodeLine | undefined> {
  const [reply] = await link.connection().then((connection) => connection.pipeline([['CLUSTER', 'NODES']])).catch(() => []);
  const self = typeof reply === 'string' ? parseNodesText(reply).find(({ myself }) => myself) : undefined;
  return self?.role === 'master' ? self : undefined;
}
