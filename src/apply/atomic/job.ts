// A migration of slots that two servers carry out between themselves, as both designs can be seen: what is known of a job, and
// what can be done about it. Types, and the reading of replies. Not here: the commands of a design (pull.ts, push.ts).
import { asArray } from '../../client/read-reply.js';
import { SlotSet } from '../../cluster/slot-set.js';
import { TribError } from '../../errors.js';
import type { Reply } from '../../resp/reply.js';
import type { NodeLink } from '../node-link.js';

/** How a job stands: `ended` ones never change again. */
export type JobEnd = 'done' | 'cancelled' | 'failed';

/** A job as one of its two nodes tells of it. */
export interface JobReport {
  readonly id: string;
  /** Node ids. */
  readonly source: string;
  readonly target: string;
  readonly slots: SlotSet;
  /** The side that tells: the node's part in the job. */
  readonly side: 'source' | 'target';
  /** In the server's own word. */
  readonly state: string;
  readonly end: JobEnd | undefined;
  /** Times that the server has begun anew by itself, and the reason of the last failure. */
  readonly retries: number;
  readonly message: string;
  /** Milliseconds for which writes to the slots stood still; undefined where the server doesn't tell. */
  readonly writePauseMs: number | undefined;
}

/** The nodes of a job. */
export interface JobEnds {
  readonly source: NodeLink;
  readonly target: NodeLink;
}

/** What a design of servers offers. Everything rejects with the server's ReplyError or the connection's error. */
export interface JobWays {
  readonly design: 'redis' | 'valkey';
  /** The node that is told to begin and asked how it goes. */
  leader(ends: JobEnds): NodeLink;
  /** Ids of nodes that can't have another job meanwhile. */
  busy(ends: JobEnds): readonly string[];
  /** All jobs that a node remembers, running or ended. */
  list(link: NodeLink): Promise<JobReport[]>;
  /** Asks for a job; it is in the leader's list afterwards. */
  start(ends: JobEnds, slots: SlotSet): Promise<void>;
  /** Ends a job, and with it those that `bystanders` names. */
  cancel(ends: JobEnds, id: string): Promise<void>;
  /** Running jobs of this list that `cancel` would end too. */
  bystanders(jobs: readonly JobReport[], ends: JobEnds): JobReport[];
}

/** A map of a reply: a real one in RESP3, names and values in turn in RESP2. */
function asFields(reply: Reply): Map<string, Reply> {
  const pairs = reply instanceof Map ? [...reply].flat() : asArray(reply);
  const fields = new Map<string, Reply>();
  for (let at = 0; at + 1 < pairs.length; at += 2) fields.set(String(pairs[at]), pairs[at + 1] ?? null);
  return fields;
}

/** One job's fields by name. */
export class JobFields {
  constructor(private readonly fields: ReadonlyMap<string, Reply>) {}

  /** Throws PROTOCOL when the server has no such field: then this is a version that we don't know. */
  text(name: string): string {
    const value = this.fields.get(name);
    if (typeof value === 'string') return value;
    throw new TribError('PROTOCOL', `A server tells of a migration of slots without its "${name}"`, { exitCode: 3, hint: 'this version of the server is unknown to redis-trib: use --method keys' });
  }

  /** What need not be there. */
  remark(name: string): string {
    const value = this.fields.get(name);
    return typeof value === 'string' ? value : '';
  }

  /** Undefined when it is absent or negative (unset). */
  number(name: string): number | undefined {
    const value = this.fields.get(name);
    const count = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : typeof value === 'bigint' ? Number(value) : value;
    return typeof count === 'number' && count >= 0 ? count : undefined;
  }

  /** `0-10 20-30`. */
  slots(name: string): SlotSet {
    return SlotSet.parse(this.text(name).trim().replace(/[\s,]+/g, ','));
  }
}

/** The jobs of a reply that is a list of maps. Throws PROTOCOL for another kind of reply. */
export function readJobs(reply: Reply, read: (fields: JobFields) => JobReport): JobReport[] {
  return asArray(reply).map((entry) => read(new JobFields(asFields(entry))));
}
