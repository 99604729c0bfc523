// The counters of the consistency checker in a real cluster: GET and INCR through redirects, and runs with the clock of this
// process.
import { setTimeout as wait } from 'node:timers/promises';
import type { ClusterClient } from '../client/cluster-client.js';
import { ClusterCommandError } from '../client/cluster-client.js';
import { formatAddress } from '../cluster/address.js';
import { TribError } from '../errors.js';
import type { Reply } from '../resp/reply.js';
import { ConsistencyRun, type ConsistencyOptions, type CounterClient } from './run.js';

function asCount(key: string, reply: Reply): number {
  const value = reply === null ? 0 : Number(reply);
  if (Number.isSafeInteger(value)) return value;
  throw new TribError('NOT_A_COUNTER', `${key} is not a counter`, { hint: 'choose other names with --prefix' });
}

/** Counters over a cluster client. */
export function clusterCounters(client: ClusterClient): CounterClient {
  return {
    read: async (key, { ms, signal }) => asCount(key, await client.command(['GET', key], { repeatable: true, signal, ...(ms === undefined ? {} : { deadlineMs: ms }) })),
    increment: async (key, { signal }) => asCount(key, await client.command(['INCR', key], { signal })),
    nodeOf(key) {
      const owner = client.ownerOf(key);
      return owner === undefined ? '' : formatAddress(owner);
    },
    isSilence: (error) => error instanceof ClusterCommandError,
  };
}

type RunOptions = Omit<ConsistencyOptions, 'random' | 'now' | 'sleep'>;

/** A run with the clock and the random generator of this process. */
export function startableRun(client: ClusterClient, options: RunOptions): ConsistencyRun {
  return runOf(clusterCounters(client), options);
}

/** As startableRun, over other counters. */
export function runOf(counters: CounterClient, options: RunOptions): ConsistencyRun {
  return new ConsistencyRun(counters, { ...options, random: Math.random, now: () => performance.now(), sleep: (ms) => wait(ms) });
}

/** Counters deleted at once. */
const AT_ONCE = 64;

/** Deletes counters; unreachable ones stay. Returns how many stay. */
export async function removeCounters(client: ClusterClient, keys: readonly string[], deadlineMs: number): Promise<number> {
  let left = 0;
  const rest = keys.values();
  const work = async (): Promise<void> => {
    for (const key of rest) await client.command(['DEL', key], { repeatable: true, deadlineMs }).catch(() => left++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return left;
}
