// Sources whose slots must not move atomically because they have several databases. Valkey 9.1 streams the writes that follow
// the snapshot without SELECT 0 when they go to database 0, and the target applies them to the last database of the snapshot
// (cli.md 6.1). The configured number decides, because clients may start to use another database at any moment.
import { messageOf } from '../../errors.js';
import { databaseRule } from '../../client/connection-errors.js';
import { oneLine } from '../../resp/visible.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';

const AT_ONCE = 64;

/** Why the slots of a source must not move atomically. */
export interface DatabasesObstacle {
  /** For example `127.0.0.1:7000 has 16 databases`. */
  readonly text: string;
  readonly hint: string;
}

/** What the fault does; follows a DatabasesObstacle text. */
export const WRONG_DATABASE = 'writes of clients during an atomic migration may be applied to the wrong database';

async function obstacleOf(link: NodeLink): Promise<DatabasesObstacle | undefined> {
  try {
    const count = await link.databaseCount();
    return count > 1 ? { text: `${link.name} has ${count} databases`, hint: '--method auto and --method keys move the slots key by key, in all databases' } : undefined;
  } catch (error) {
    const message = messageOf(error);
    return { text: `${link.name} may have several databases (${oneLine(message)})`, hint: `grant ${databaseRule(message)} to the user, so that the databases can be counted` };
  }
}

/** The obstacles by the ids of the nodes; nodes with a single database have none. */
export async function databasesObstacles(sources: readonly NodeLink[]): Promise<Map<string, DatabasesObstacle>> {
  const found = new Map<string, DatabasesObstacle>();
  await mapBounded(sources, AT_ONCE, async (link) => {
    const obstacle = await obstacleOf(link);
    if (obstacle !== undefined) found.set(link.id, obstacle);
  });
  return found;
}
