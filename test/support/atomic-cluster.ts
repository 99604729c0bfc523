// A cluster that supports atomic slot migration (cli.md section 6): real nodes, each behind a proxy that carries out the
// commands of Redis 8.4 or Valkey 9 itself and forwards the rest. Not here: the fronts (atomic-front.ts), the jobs
// (atomic-jobs.ts).
import { fileURLToPath } from 'node:url';
import { RealGround } from './atomic-ground.js';
import { Jobs } from './atomic-jobs.js';
import { EmulatedNode } from './atomic-node.js';
import { startRedisCluster, waitFor } from './redis-server.js';
import type { RedisNode, RedisNodes } from './redis-server.js';

const BUNDLED = fileURLToPath(new URL('../../dist/bin/redis-trib-server.js', import.meta.url));

/** `redis`: the destination pulls (CLUSTER MIGRATION). `valkey`: the source pushes (CLUSTER MIGRATESLOTS). */
export type AtomicDesign = 'redis' | 'valkey';

/** One job as a test sees it; the fields change while it runs. */
export interface Job {
  readonly id: string;
  readonly design: AtomicDesign;
  /** Node ids. */
  readonly source: string;
  readonly target: string;
  /** As `slots` or `slot_ranges` show it: `0-100 200-200`. */
  readonly slots: string;
  /** State on the side that received the command: the destination with redis, the source with valkey. */
  readonly state: string;
  /** State on the other side, '' while the other side does not know the job. */
  readonly otherState: string;
  /** Number of restarts by a redis destination. */
  readonly retries: number;
  /** `last_error` of redis, `message` of valkey; '' when there is none. */
  readonly error: string;
  /** Milliseconds since 1970; −1 while unset. */
  readonly created: number;
  readonly started: number;
  readonly ended: number;
  /** The job has ended on both sides. */
  readonly done: boolean;
}

/** Faults and speed; may be changed at any time. */
export interface Behaviour {
  /** Milliseconds a job spends in each of its states, default 20. */
  stepMs: number;
  /** Milliseconds until a failed redis import begins anew, default 100. */
  retryMs: number;
  /** Milliseconds after the end of a redis job in which its source refuses to import these slots, default 0. */
  trimMs: number;
  /** While true the job stays in the state it is in. */
  hold: ((job: Job) => boolean) | undefined;
  /** Called once in the middle of each attempt (1, 2 …): the text of the error with which it fails. */
  fail: ((job: Job, attempt: number) => string | undefined) | undefined;
  /** Error (`ERR …`, `NOPERM …`) in place of the reply to a command of atomic migration. */
  refuse: ((frontIndex: number, words: readonly string[]) => string | undefined) | undefined;
  /** True for a job that the servers no longer list. */
  forget: ((job: Job) => boolean) | undefined;
}

/** A node as clients see it: `host`, `port`, `address` and `connect` are those of its proxy; `kill` kills the real node. */
export interface AtomicFront extends RedisNode {
  readonly id: string;
  /** undefined: an old server. */
  readonly design: AtomicDesign | undefined;
  readonly real: RedisNode;
  /** Every command received, oldest first, including those of replicas and of MIGRATE between nodes. */
  readonly commands: readonly (readonly string[])[];
}

/** `nodes` are the proxies, so the functions for real clusters (fill, Hammer, totalKeys) accept it too. */
export interface AtomicCluster extends RedisNodes {
  readonly fronts: readonly AtomicFront[];
  readonly nodes: readonly AtomicFront[];
  /** All ever started, oldest first. */
  readonly jobs: readonly Job[];
  /** CLUSTER SETSLOT commands, on any node, for a slot of a running job; source and target refuse them. */
  readonly meddled: readonly (readonly string[])[];
  readonly behaviour: Behaviour;
}

export interface AtomicOptions {
  /** For all nodes, or by index (masters first, then replicas); undefined is an old server without atomic migration. */
  readonly design: AtomicDesign | ((index: number) => AtomicDesign | undefined);
  /** Replicas of each master, default 0. */
  readonly replicas?: number;
  /** First and last slot of each master; default even shares. */
  readonly slots?: readonly (readonly [number, number] | null)[];
  /** The real nodes: redis-server, or the bundled one of dist/. Default redis-server. */
  readonly nodes?: 'redis-server' | 'bundled';
  /** Further arguments of the real nodes. */
  readonly extraArgs?: readonly string[];
}

/** All nodes announce only the ports of the proxies. */
async function allNameFronts(nodes: readonly EmulatedNode[], ground: RealGround): Promise<boolean> {
  const ports = new Set(nodes.map((node) => node.port));
  const accounts = await Promise.all(nodes.map((node) => ground.account(node)));
  return accounts.every(({ lines }) => lines.length === nodes.length && lines.every((line) => ports.has(line.port) && line.connected));
}

/** Starts `masters` masters with their replicas; returns when all agree and announce only the proxies. */
export async function startAtomicCluster(masters: number, options: AtomicOptions): Promise<AtomicCluster> {
  const { design, replicas = 0, slots, extraArgs = [] } = options;
  const behaviour: Behaviour = { stepMs: 20, retryMs: 100, trimMs: 0, hold: undefined, fail: undefined, refuse: undefined, forget: undefined };
  const designOf = typeof design === 'function' ? design : (): AtomicDesign => design;
  const nodes = await Promise.all(Array.from({ length: masters * (1 + replicas) }, (_, index) => EmulatedNode.open(index, designOf(index))));
  const ground = new RealGround(nodes, behaviour);
  const jobs = new Jobs(behaviour, ground);
  const meddled: (readonly string[])[] = [];
  let real: RedisNodes | undefined;
  const stop = async (): Promise<void> => {
    await jobs.stop();
    ground.close();
    await Promise.all(nodes.map((node) => node.front.close()));
    await real?.stop();
  };
  ground.jobs = jobs;
  for (const node of nodes) node.emulation = { ground, jobs, meddled };
  try {
    const announce = (index: number): string[] => ['--cluster-announce-port', String(nodes[index]?.port), ...extraArgs];
    const program: { program?: [string, string] } = options.nodes === 'bundled' ? { program: [process.execPath, BUNDLED] } : {};
    // Replicas connect to the announced ports of their masters, so the proxies must run before the nodes form a cluster.
    const started = (index: number, node: RedisNode): void => nodes[index]?.stand(node);
    real = await startRedisCluster(masters, { replicas, extraArgs: announce, started, ...program, ...(slots === undefined ? {} : { slots }) });
    await Promise.all(nodes.map((node) => node.learnId()));
    await waitFor(() => allNameFronts(nodes, ground), 'all nodes to name the fronts');
  } catch (error) {
    await stop();
    throw error;
  }
  return { fronts: nodes, nodes, seed: nodes[0]?.address ?? '', jobs: jobs.all, meddled, behaviour, stop, [Symbol.asyncDispose]: stop };
}
