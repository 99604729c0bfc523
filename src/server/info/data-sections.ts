// INFO memory, persistence, keyspace: the data of the node.
import { totalmem } from 'node:os';
import { busOf } from '../cluster/node-cluster.js';
import type { NodeServices } from '../exec/context.js';
import type { Database } from '../keyspace/database.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { Field, InfoSection } from './section.js';
import { humanBytes } from './section.js';

export const memorySection: InfoSection = {
  name: 'memory',
  title: 'Memory',
  byDefault: true,
  fields: (node) => {
    node.memory.sample();
    const { used, peak } = node.memory;
    const { rss } = process.memoryUsage();
    const limit = node.config.integer('maxmemory');
    return [
      ['used_memory', used],
      ['used_memory_human', humanBytes(used)],
      ['used_memory_rss', rss],
      ['used_memory_rss_human', humanBytes(rss)],
      ['used_memory_peak', peak],
      ['used_memory_peak_human', humanBytes(peak)],
      ['used_memory_peak_perc', `${((used / peak) * 100).toFixed(2)}%`],
      ['total_system_memory', totalmem()],
      ['total_system_memory_human', humanBytes(totalmem())],
      ['maxmemory', node.config.text('maxmemory')],
      ['maxmemory_human', humanBytes(limit)],
      ['maxmemory_policy', node.config.text('maxmemory-policy')],
      ['mem_fragmentation_ratio', (rss / used).toFixed(2)],
      ['mem_fragmentation_bytes', rss - used],
      ['mem_clients_normal', outputBytes(node)],
      ['mem_cluster_links', node.cluster ? busOf(node).queuedBytes : 0],
      ['mem_allocator', `v8-${process.versions.v8}`],
      ['active_defrag_running', 0],
      ['lazyfree_pending_objects', 0],
    ];
  },
};

/** Bytes of replies that clients have not read yet. */
function outputBytes(node: NodeServices): number {
  let sum = 0;
  for (const client of node.clients) sum += client.outputPending;
  return sum;
}

export const persistenceSection: InfoSection = {
  name: 'persistence',
  title: 'Persistence',
  byDefault: true,
  fields: ({ persistence }) => persistence.fields(),
};

export const keyspaceSection: InfoSection = {
  name: 'keyspace',
  title: 'Keyspace',
  byDefault: true,
  fields: ({ keyspace }) =>
    keyspace.databases
      .filter((db) => db.size > 0)
      .map((db): Field => [`db${db.index}`, `keys=${db.size},expires=${db.volatile},avg_ttl=${averageTtl(db, keyspace.now)}`]),
};

/** Keys sampled for the average, so that the cost of INFO does not grow with the data. */
const TTL_SAMPLE = 200;

/** Average time to live in ms of the first volatile keys found. */
function averageTtl(db: Database, now: number): number {
  if (db.volatile === 0) return 0;
  let [count, sum] = [0, 0];
  for (let slot = 0; slot < SLOT_COUNT && count < TTL_SAMPLE; slot++) {
    for (const at of db.expiriesInSlot(slot)?.values() ?? []) {
      if (at > now) sum += at - now;
      if (++count >= TTL_SAMPLE) break;
    }
  }
  return count === 0 ? 0 : Math.floor(sum / count);
}
