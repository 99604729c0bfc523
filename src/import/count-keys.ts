// Counts keys: of the source, of the cluster, by target, and names that exist in several databases. Read-only.
import type { Cluster } from '../apply/open-cluster.js';
import { readKeyspace } from '../client/databases.js';
import { keySlot } from '../cluster/slots.js';
import { TribError } from '../errors.js';
import { databaseSize, type ImportSource } from './source.js';
import { scanKeys } from './scan.js';

/** Keys in these databases of the source now. */
export async function countSource(source: ImportSource, databases: readonly number[]): Promise<number> {
  let sum = 0;
  for (const database of databases) {
    await using connection = await source.connect(database);
    sum += await databaseSize(connection);
  }
  return sum;
}

/** Keys of all databases on each master now, by its id. Rejects when one does not reply. */
export async function countMasters(cluster: Cluster): Promise<ReadonlyMap<string, number>> {
  const counts = await Promise.all(
    cluster.view.masters.map(async ({ id }): Promise<[string, number]> => {
      const [own, keyspace] = await Promise.all([(await cluster.admin(id)).dbSize(), (await cluster.connection(id)).pipeline([['INFO', 'keyspace']])]);
      const others = [...(readKeyspace(keyspace[0]) ?? [])].filter(([database]) => database !== 0);
      return [id, others.reduce((sum, [, keys]) => sum + keys, own)];
    }),
  );
  return new Map(counts);
}

/** Keys of all databases on all masters now. */
export async function countCluster(cluster: Cluster): Promise<number> {
  return [...(await countMasters(cluster)).values()].reduce((sum, keys) => sum + keys, 0);
}

/** Number of databases that every master has for this user. Rejects as the connections do. */
export async function databasesOf(cluster: Cluster): Promise<number> {
  const count = async (id: string): Promise<number> => {
    try {
      return (await cluster.links.get(id)?.databaseCount()) ?? 1;
    } catch (error) {
      if (error instanceof TribError && error.code === 'NO_DATABASE') return 1; // A user who may not SELECT has database 0 only.
      throw error;
    }
  };
  return Math.min(...(await Promise.all(cluster.view.masters.map(({ id }) => count(id)))));
}

export interface Forecast {
  /** Keys by the name of the master that would get them. */
  readonly targets: Readonly<Record<string, number>>;
  readonly keys: number;
  /** True when only a part was read and the rest extrapolated. */
  readonly sampled: boolean;
}

/** Maximum keys read for a forecast. */
const SAMPLE = 500_000;

/** The keys an import would bring to each master. */
export async function forecast(source: ImportSource, cluster: Cluster, databases: readonly number[], signal?: AbortSignal): Promise<Forecast> {
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

export interface RepeatedName {
  readonly key: string;
  readonly databases: readonly number[];
}

/** Names that exist in more than one of the databases; at most a thousand. */
export async function repeatedNames(source: ImportSource, databases: readonly number[], signal?: AbortSignal): Promise<RepeatedName[]> {
  const found: RepeatedName[] = [];
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
