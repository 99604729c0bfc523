// The replication history of this node's data: the replication id, the id before the last change of role, and the offset
// (persistence-replication.md 4.1, 4.6).
import type { Random } from '../runtime/random.js';

/** Hex digits of a replication id. */
export const REPLID_LENGTH = 40;
export const NO_REPLID = '0'.repeat(REPLID_LENGTH);

export class ReplicationHistory {
  replid: string;
  replid2 = NO_REPLID;
  /** First offset at which `replid2` is no longer valid; -1 without one. */
  secondOffset = -1;
  /** Bytes of the stream produced (master) or applied (replica). */
  offset = 0;

  constructor(private readonly random: Random) {
    this.replid = random.hex(REPLID_LENGTH);
  }

  /** Starts a new history: no replica can resume from the old one. */
  renew(): void {
    this.replid = this.random.hex(REPLID_LENGTH);
    this.forgetSecond();
  }

  /** Continues under a new id. Replicas of the old id can resume up to the current offset. `id`: a random one when absent. */
  shift(id = this.random.hex(REPLID_LENGTH)): void {
    this.replid2 = this.replid;
    this.secondOffset = this.offset + 1;
    this.replid = id;
  }

  /** The history of a master whose data was taken over. */
  adopt(replid: string, offset: number): void {
    this.replid = replid;
    this.offset = offset;
    this.forgetSecond();
  }

  /** After a restart from an RDB: replicas that followed this master before can resume. */
  restoreAsSecond(replid: string, offset: number): void {
    this.replid2 = replid;
    this.secondOffset = offset + 1;
    this.offset = offset;
  }

  private forgetSecond(): void {
    this.replid2 = NO_REPLID;
    this.secondOffset = -1;
  }

  /** Whether a replica that asks for `id` from byte `next` on has the same data up to there (4.4). */
  covers(id: string, next: number): boolean {
    const asked = id.toLowerCase();
    return asked === this.replid || (asked === this.replid2 && next <= this.secondOffset);
  }
}
