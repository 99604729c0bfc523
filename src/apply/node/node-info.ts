// Sections of INFO of many nodes, one round trip per node. Read-only.
import { parseInfo } from '../../client/read-reply.js';
import type { Admin } from '../../client/admin.js';
import { mapBounded } from './parallel.js';

const AT_ONCE = 64;

/** Fields of INFO, by node id. */
export type InfoOfNodes = ReadonlyMap<string, ReadonlyMap<string, string>>;

interface AdminSource {
  admin(id: string): Promise<Admin>;
}

/** Without nodes that cannot be reached; a section that a node refuses adds no fields. */
export async function infoOfNodes(cluster: AdminSource, nodes: readonly { readonly id: string }[], sections: readonly string[]): Promise<InfoOfNodes> {
  const fields = await mapBounded(nodes, AT_ONCE, async ({ id }): Promise<[string, Map<string, string>][]> => {
    try {
      const { connection } = await cluster.admin(id);
      const replies = await connection.pipeline(sections.map((section) => ['INFO', section]));
      return [[id, new Map(replies.flatMap((reply) => (typeof reply === 'string' ? [...parseInfo(reply)] : [])))]];
    } catch {
      return []; // An unreachable node has a separate finding.
    }
  });
  return new Map(fields.flat());
}
