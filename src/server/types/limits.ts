// The size limits at which a small collection changes its representation (specs persistence-replication §6.3, §6.4).
// Values come from CONFIG; the structures only read them.

export interface EncodingLimits {
  /** hash-max-listpack-entries: fields a hash may have as a listpack. */
  readonly hashMaxListpackEntries: number;
  /** hash-max-listpack-value: bytes of the longest field or value of a listpack hash. */
  readonly hashMaxListpackValue: number;
  /** set-max-intset-entries: members a set of integers may have as an intset. */
  readonly setMaxIntsetEntries: number;
  /** zset-max-listpack-entries. */
  readonly zsetMaxListpackEntries: number;
  /** zset-max-listpack-value: bytes of the longest member of a listpack sorted set. */
  readonly zsetMaxListpackValue: number;
  /** list-max-listpack-size: negative -1..-5 = 4..64 KiB a node, positive = elements a node. Only DUMP and RDB obey it. */
  readonly listMaxListpackSize: number;
}

/** Redis 7.0's defaults. */
export const DEFAULT_LIMITS: EncodingLimits = {
  hashMaxListpackEntries: 512,
  hashMaxListpackValue: 64,
  setMaxIntsetEntries: 512,
  zsetMaxListpackEntries: 128,
  zsetMaxListpackValue: 64,
  listMaxListpackSize: -2,
};
