// A whole data set as RDB bytes and back, for tests: no files, no slices.
import type { Keyspace } from '../../../src/server/keyspace/keyspace.js';
import { Keyspace as KeyspaceClass } from '../../../src/server/keyspace/keyspace.js';
import { RdbLoader } from '../../../src/server/persistence/rdb/rdb-loader.js';
import type { SnapshotConsumer } from '../../../src/server/persistence/snapshot/format.js';
import { RdbFormat } from '../../../src/server/persistence/snapshot/rdb-format.js';
import type { RdbFormatOptions } from '../../../src/server/persistence/snapshot/rdb-format.js';
import { SnapshotRun } from '../../../src/server/persistence/snapshot/snapshot-run.js';
import { ManualClock } from '../../../src/server/runtime/clock.js';
import { DEFAULT_LIMITS } from '../../../src/server/types/limits.js';

export const PLAIN: RdbFormatOptions = {
  now: 1_700_000_000_000, usedMemory: 1, replication: null, aofBase: false, compress: true, checksum: true, listNodeSize: -2, idle: false,
};

/** Collects the bytes of a snapshot. */
export class Collected implements SnapshotConsumer {
  readonly pieces: Buffer[] = [];
  full = false;
  broken: Error | null = null;
  state: 'open' | 'ended' | 'failed' = 'open';

  write(bytes: Buffer): void {
    this.pieces.push(bytes);
  }
  end(): void {
    this.state = 'ended';
  }
  fail(): void {
    this.state = 'failed';
  }
  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

/** The RDB file of a keyspace as it is. */
export function rdbOf(keyspace: Keyspace, options: Partial<RdbFormatOptions> = {}): Buffer {
  const collected = new Collected();
  const format = new RdbFormat({ ...PLAIN, ...options });
  new SnapshotRun(keyspace, new ManualClock(), { format, consumers: [collected], onEnd: () => undefined }).runToEnd();
  return collected.bytes;
}

/** A new keyspace with what the bytes hold, fed in pieces of `piece` bytes. Throws RdbFileError. */
export function loaded(bytes: Buffer, piece = bytes.length, databases = 16): Keyspace {
  const keyspace = new KeyspaceClass(databases, DEFAULT_LIMITS, 7);
  const loader = new RdbLoader(keyspace, { dropExpired: false });
  for (let at = 0; at < bytes.length; at += Math.max(1, piece)) loader.feed(bytes.subarray(at, at + piece));
  loader.end();
  return keyspace;
}
