// Counts keys: of the source, of the cluster, of what would go where, and of names that stand in several databases.
// Only looks.
import type { Cluster } from '../apply/open-cluster.js';
import { keySlot } from '../cluster/slots.js';
import { databaseSize, type Source } from './source.js';
import { scanKeys } from './scan.js';

/** Keys in these databases of the source now. */
export async function countSource(source: Source, databases: readonly number[]): Promise<number> {
  let sum = 0;
  for (const database of databases) {
    await using connection = await source.connect(database);
    sum += await databaseSize(connection);
  }
  return sum;
}

/** Keys on all masters now. */
export async function countCluster(cluster: Cluster): Promise<number> {
  const counts = await Promise.all(cluster.view.masters.map(async ({ id }) => (await cluster.admin(id)).dbSize()));
  return counts.reduce((sum, count) => sum + count, 0);
}

export interface Forecast {
  /** Keys by the name of the master that would take them. */
  readonly targets: Readonly<Record<string, number>>;
  readonly keys: number;
  /** True when only a part was looked at and the rest extrapolated. */
  readonly sampled: boolean;
}

/** Keys looked at for a forecast. */
const SAMPLE = 500_000;

/** What an import would bring where. */
export async function forecast(source: Source, cluster: Cluster, databases: readonly number[], signal?: AbortSignal): Promise<Forecast> {
  const owners = cluster.view.owners();
  const targets = new Map<string, number>(cluster.view.masters.filter(({ slots }) => slots.size > 0).map(({ name }) => [name, 0]));
  let seen = 0;
  for (const database of databases) {
    await using connection = await source.connect(database);
    for await (const page of scanKeys(connection, false)) {
      signal?.throwIfAborted();
      for (const key of page.keys) {
        const name = owners[keySlot(key)]?.name ?? 'nobody';
        targets.set(name, (targets.get(name) ?? 0) + 1);
      }
      seen += page.keys.length;
      if (seen >= SAMPLE) break;
    }
    if (seen >= SAMPLE) break;
  }
  const keys = await countSource(source, databases);
  const sampled = seen >= SAMPLE && keys > seen;
  const scale = sampled ? keys / seen : 1;
  return { targets: Object.fromEntries([...targets].map(([name, count]) => [name, Math.round(count * scale)])), keys, sampled };
}

export interface DoubleKey {
  readonly key: string;
  readonly databases: readonly number[];
}

/** Names that stand in more than one of the databases; at most a thousand of them. */
export async function doubleKeys(source: Source, databases: readonly number[], signal?: AbortSignal): Promise<DoubleKey[]> {
  const found: DoubleKey[] = [];
  for (const [index, database] of databases.entries()) {
    await using scanner = await source.connect(database);
    for (const other of databases.slice(index + 1)) {
      await using looker = await source.connect(other);
      for await (const page of scanKeys(scanner, false)) {
        signal?.throwIfAborted();
        const replies = await looker.pipeline(page.keys.map((key) => ['EXISTS', key]));
        page.keys.forEach((key, at) => {
          if (replies[at] === 1) found.push({ key, databases: [database, other] });
        });
        if (found.length > 1000) return found;
      }
    }
  }
  return found;
}
