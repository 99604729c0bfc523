// The size limits at which a small collection changes its representation (persistence-replication.md 6.3, 6.4). Values come
// from CONFIG; the data types only read them.

export interface EncodingLimits {
  /** hash-max-listpack-entries: maximum fields of a listpack hash. */
  readonly hashMaxListpackEntries: number;
  /** hash-max-listpack-value: maximum bytes of a field or value of a listpack hash. */
  readonly hashMaxListpackValue: number;
  /** set-max-intset-entries: maximum members of an intset. */
  readonly setMaxIntsetEntries: number;
  /** zset-max-listpack-entries. */
  readonly zsetMaxListpackEntries: number;
  /** zset-max-listpack-value: maximum bytes of a member of a listpack sorted set. */
  readonly zsetMaxListpackValue: number;
  /** list-max-listpack-size: negative -1..-5 = 4..64 KiB per node, positive = elements per node. Only DUMP and RDB use it. */
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
