// Increments pairs of keys on one connection until the server ends, and records each acknowledgement with its time.
import { Connection } from '../../../src/client/connection.js';

export interface Acknowledged {
  /** The highest number whose pair was acknowledged. */
  readonly last: number;
  /** Time of each acknowledgement, ms; index 0 is the number `first`. */
  readonly at: readonly number[];
}

/** Numbers in flight at once. */
const PIPELINE = 8;

/** Writes number after number into two keys at once (MULTI), from `first` on, until the connection ends. */
export async function countUntilDeath(port: number, first: number): Promise<Acknowledged> {
  const connection = await Connection.connect({ host: '127.0.0.1', port });
  const at: number[] = [];
  let last = first - 1;
  try {
    for (let n = first; ; n += PIPELINE) {
      const commands = Array.from({ length: PIPELINE }, (_, i) => [['MULTI'], ['SET', 'left', String(n + i)], ['SET', 'right', String(n + i)], ['RPUSH', `log:${(n + i) % 50}`, String(n + i)], ['EXEC']]).flat();
      const replies = await connection.pipeline(commands);
      if (replies.some((reply) => reply instanceof Error)) break;
      last = n + PIPELINE - 1;
      for (let i = 0; i < PIPELINE; i++) at.push(performance.now());
    }
  } catch {
    // The server has ended.
  }
  connection.close();
  return { last, at };
}
