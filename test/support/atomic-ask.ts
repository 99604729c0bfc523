// Single commands to an emulated cluster, for tests. Not here: the emulation.
import type { Reply } from '../../src/resp/reply.js';
import { ReplyError } from '../../src/resp/reply.js';
import type { AtomicCluster, AtomicFront, Job } from './atomic-cluster.js';
import { waitFor } from './redis-server.js';

/** Words of a command. */
export type Words = readonly (string | number)[];

/** One command on a new connection; an error reply is a value. */
export async function ask(front: AtomicFront, ...words: Words): Promise<Reply> {
  await using link = await front.connect();
  const [reply = null] = await link.pipeline([words]);
  return reply;
}

/** What a command answers, as text: an error's message, or JSON. */
export async function said(front: AtomicFront, ...words: Words): Promise<string> {
  const reply = await ask(front, ...words);
  return reply instanceof ReplyError ? reply.message : JSON.stringify(reply);
}

/** A flat array as an object. */
function fields(reply: Reply | undefined): Record<string, Reply> {
  if (!Array.isArray(reply)) throw new Error(`no map: ${String(reply)}`);
  return Object.fromEntries(reply.flatMap((value, at) => (at % 2 === 0 ? [[String(value), reply[at + 1] ?? null]] : [])));
}

/** CLUSTER MIGRATION STATUS, by default of ALL. */
export const tasks = async (front: AtomicFront, ...which: Words): Promise<Record<string, Reply>[]> => ((await ask(front, 'CLUSTER', 'MIGRATION', 'STATUS', ...(which.length > 0 ? which : ['ALL']))) as Reply[]).map(fields);
/** CLUSTER GETSLOTMIGRATIONS. */
export const migrations = async (front: AtomicFront): Promise<Record<string, Reply>[]> => ((await ask(front, 'CLUSTER', 'GETSLOTMIGRATIONS')) as Reply[]).map(fields);

/** Port of the slot's owner in the eyes of each node. */
async function owners(cluster: AtomicCluster, slot: number): Promise<number[]> {
  const lists = (await Promise.all(cluster.fronts.map((front) => ask(front, 'CLUSTER', 'SLOTS')))) as [number, number, [string, number, string]][][];
  return lists.map((list) => list.find(([first, last]) => first <= slot && slot <= last)?.[2][1] ?? 0);
}

/** Waits until all nodes, replicas too, see the slot there. */
export const ownedBy = (cluster: AtomicCluster, slot: number, front: AtomicFront): Promise<void> => waitFor(async () => (await owners(cluster, slot)).every((port) => port === front.port), `slot ${slot} to be at ${front.address} for all`);

/** Fast, and without faults. */
export const reset = (cluster: AtomicCluster): void => void Object.assign(cluster.behaviour, { stepMs: 5, retryMs: 40, trimMs: 0, hold: undefined, fail: undefined, refuse: undefined, forget: undefined });

/** Waits until no job has anything left to do. */
export const ended = (cluster: AtomicCluster): Promise<void> => waitFor(() => cluster.jobs.every((job) => job.done), 'all jobs to end');

/** The job started last. */
export const newest = (cluster: AtomicCluster): Job => {
  const job = cluster.jobs[cluster.jobs.length - 1];
  if (job === undefined) throw new Error('there was no job');
  return job;
};
