// Length and seed of the fuzz tests. REDIS_TRIB_FUZZ=1000000 is the long mode: that number of requests and of packets.
// REDIS_TRIB_FUZZ_SEED repeats a run; the seed is in the title of each test.
export const rounds = (short: number): number => Number(process.env['REDIS_TRIB_FUZZ'] ?? short);

export const seed = Number(process.env['REDIS_TRIB_FUZZ_SEED'] ?? Date.now() % 1_000_000_007);

/** Milliseconds that `count` rounds may take on a loaded machine. */
export const limitFor = (count: number): number => 60_000 + count * 2;
