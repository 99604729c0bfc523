// Finds servers that answer with the same node id at different addresses. One server may have several addresses; its run_id
// tells. Read-only.
import { formatAddress } from '../../cluster/address.js';
import type { SharedId } from '../../cluster/view.js';
import { grouped } from '../../cluster/view.js';
import { readKeyspace } from '../../client/databases.js';
import { parseInfo } from '../../client/read-reply.js';
import type { NodeView } from './read-node-view.js';

interface Server {
  readonly runId: string | undefined;
  readonly name: string;
  readonly role: 'master' | 'replica';
  readonly keys: number | undefined;
}

async function identify({ connection, address, self }: NodeView): Promise<Server> {
  const [server, keyspace] = await connection.pipeline([['INFO', 'server'], ['INFO', 'keyspace']]).catch(() => []);
  const keys = typeof keyspace === 'string' ? [...readKeyspace(keyspace).values()].reduce((sum, count) => sum + count, 0) : undefined;
  return { runId: typeof server === 'string' ? parseInfo(server).get('run_id') : undefined, name: formatAddress(address), role: self.role, keys };
}

/** The id of a server and of another one whose address is not known. */
export async function withHiddenServer(nodeView: NodeView): Promise<SharedId> {
  const { runId: _, ...server } = await identify(nodeView);
  return { id: nodeView.self.id, servers: [server, { name: 'a server at an unknown address', role: server.role, keys: undefined }] };
}

/** Ids that several server processes have. Servers that do not tell their run_id are not compared. Never throws. */
export async function findSharedIds(answered: Iterable<NodeView>): Promise<SharedId[]> {
  const several = [...grouped(new Set(answered), ({ self }) => self.id)].filter(([, views]) => views.length > 1);
  const found = await Promise.all(
    several.map(async ([id, views]): Promise<SharedId> => {
      const byRun = new Map((await Promise.all(views.map(identify))).filter(({ runId }) => runId !== undefined).map(({ runId, ...server }) => [runId, server]));
      return { id, servers: [...byRun.values()] };
    }),
  );
  return found.filter(({ servers }) => servers.length > 1);
}
