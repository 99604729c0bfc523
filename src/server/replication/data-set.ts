// The data set as replication uses it: makes RDBs of it for replicas, and replaces it by the RDB of a master. Snapshots and the
// file format are in src/server/persistence.
import { rdbOptions } from '../durability/rdb-options.js';
import type { NodeServices } from '../exec/context.js';
import { Keyspace } from '../keyspace/keyspace.js';
import { RdbLoader } from '../persistence/rdb/rdb-loader.js';
import type { SnapshotConsumer } from '../persistence/snapshot/format.js';
import { RdbFormat } from '../persistence/snapshot/rdb-format.js';
import type { DataLoad, DataLoader } from './rdb-receiver.js';
import type { RdbConsumer, RdbRequest, RdbSource } from './rdb-source.js';

/** RDBs of the node's data. */
export class SnapshotSource implements RdbSource {
  constructor(private readonly node: NodeServices) {}

  get busy(): boolean {
    return this.node.persistence.snapshots.running !== null;
  }

  begin({ point, withoutData }: RdbRequest, consumer: RdbConsumer): () => void {
    const { clock, keyspace, persistence } = this.node;
    const format = new RdbFormat(rdbOptions(this.node, false, { db: point.db, id: point.replid, offset: point.offset }));
    if (withoutData) {
      consumer.piece(format.end());
      consumer.end();
      return () => {};
    }
    keyspace.now = clock.now();
    const run = persistence.snapshots.start({ format, consumers: [adapted(consumer)], onEnd: () => {} });
    return () => run.cancel(new Error('no replica waits for this RDB any more'));
  }
}

const adapted = (consumer: RdbConsumer): SnapshotConsumer => ({
  write: (bytes) => consumer.piece(bytes),
  get full() {
    return consumer.congested;
  },
  broken: null,
  end: () => consumer.end(),
  fail: (error) => consumer.failed(error.message),
});

/** Replaces the node's data by the RDB of a master. */
export class MasterDataLoader implements DataLoader {
  streamDb = 0;

  constructor(private readonly node: NodeServices) {}

  get isEmpty(): boolean {
    return this.node.keyspace.size === 0;
  }

  begin(inPlace: boolean): DataLoad {
    const { node } = this;
    const { keyspace } = node;
    keyspace.now = node.clock.now();
    if (inPlace) this.empty();
    const target = inPlace ? keyspace : new Keyspace(keyspace.databases.length, keyspace.limits, keyspace.seed);
    target.now = keyspace.now;
    const loader = new RdbLoader(target, { dropExpired: false, onNote: (text) => node.log.notice(text) });
    return {
      feed: (bytes) => loader.feed(bytes),
      finish: () => {
        loader.end();
        if (!inPlace) this.replaceBy(target);
        this.streamDb = Number(loader.fields.get('repl-stream-db') ?? 0);
        keyspace.dirty = 0;
      },
      abandon: () => {
        if (inPlace) this.empty();
      },
    };
  }

  private empty(): void {
    const { keyspace, tracking, clients } = this.node;
    for (const db of keyspace.databases) db.flush();
    if (tracking.active) tracking.flushed(clients);
  }

  private replaceBy(other: Keyspace): void {
    this.empty();
    for (const db of this.node.keyspace.databases) db.exchange(other.db(db.index));
  }
}
