// The options of RDB files that the configuration determines.
import type { NodeServices } from '../exec/context.js';
import type { RdbFormatOptions, ReplicationPoint } from '../persistence/snapshot/rdb-format.js';

/** @param replication position in the replication stream at which the snapshot is taken; null outside replication */
export function rdbOptions({ config, clock, memory }: NodeServices, aofBase: boolean, replication: ReplicationPoint | null = null): RdbFormatOptions {
  return {
    now: clock.now(),
    usedMemory: memory.used,
    replication,
    aofBase,
    compress: config.flag('rdbcompression'),
    checksum: config.flag('rdbchecksum'),
    listNodeSize: config.integer('list-max-listpack-size'),
    idle: config.text('maxmemory-policy').includes('lru'),
  };
}
