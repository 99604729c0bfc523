// An atomic migration of slots between two servers, as both protocols report it: its state and its operations. Types, and
// reading replies. Not here: the commands of a protocol (pull.ts, push.ts).
import { asArray } from '../../client/read-reply.js';
import { SlotSet } from '../../cluster/slot-set.js';
import { oneLine } from '../../resp/visible.js';
import type { Reply } from '../../resp/reply.js';
import type { NodeLink } from '../node/node-link.js';

/** The final state of a job; it does not change again. */
export type JobEnd = 'done' | 'cancelled' | 'failed';

/** A job as one of its two nodes reports it. */
export interface JobReport {
  readonly id: string;
  /** Node ids; empty when the node does not report them. */
  readonly source: string;
  readonly target: string;
  readonly slots: SlotSet;
  /** The role of the reporting node in the job. */
  readonly side: 'source' | 'target';
  /** The server's own name of the state. */
  readonly state: string;
  readonly end: JobEnd | undefined;
  /** How often the server has restarted the job, and why it failed last. */
  readonly retries: number;
  readonly message: string;
  /** Milliseconds during which writes to the slots were blocked; undefined when not reported. */
  readonly writePauseMs: number | undefined;
}

/** The two nodes of a job. */
export interface JobEnds {
  readonly source: NodeLink;
  readonly target: NodeLink;
}

/** The operations of one protocol. All reject with the server's ReplyError or the connection's error. */
export interface MigrationProtocol {
  /** The node that receives the commands and reports the state. */
  leader(ends: JobEnds): NodeLink;
  /** Ids of resources that can take part in only one job at a time. */
  busy(ends: JobEnds): readonly string[];
  /** All jobs that a node lists, running or ended. */
  list(link: NodeLink): Promise<JobReport[]>;
  /** Starts a job; afterwards the leader lists it. */
  start(ends: JobEnds, slots: SlotSet): Promise<void>;
  /**
   * Cancels a job, and with it the jobs that `alsoCancelled` returns. Resolves with false, and cancels none, while the server
   * hands slots over and a cancellation would lose writes.
   */
  cancel(ends: JobEnds, id: string): Promise<boolean>;
  /** Running jobs of this list that `cancel` would cancel too. */
  alsoCancelled(jobs: readonly JobReport[], ends: JobEnds): JobReport[];
}

/** A map reply: a map in RESP3, alternating names and values in RESP2. */
function asFields(reply: Reply): Map<string, Reply> {
  const pairs = reply instanceof Map ? [...reply].flat() : asArray(reply);
  const fields = new Map<string, Reply>();
  for (let at = 0; at + 1 < pairs.length; at += 2) fields.set(String(pairs[at]), pairs[at + 1] ?? null);
  return fields;
}

/** One job's fields by name. */
export class JobFields {
  constructor(private readonly fields: ReadonlyMap<string, Reply>) {}

  /** The field on one line; empty when absent. A promoted node reports fewer fields of older jobs. */
  text(name: string): string {
    const value = this.fields.get(name);
    return typeof value === 'string' ? oneLine(value) : '';
  }

  /** Undefined when absent or negative (unset). */
  number(name: string): number | undefined {
    const value = this.fields.get(name);
    const count = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : typeof value === 'bigint' ? Number(value) : value;
    return typeof count === 'number' && count >= 0 ? count : undefined;
  }

  /** Reads `0-10 20-30`; the empty set when malformed. */
  slots(name: string): SlotSet {
    try {
      return SlotSet.parse(this.text(name).trim().replace(/[\s,]+/g, ','));
    } catch {
      return new SlotSet();
    }
  }
}

/**
 * The jobs in a reply that is a list of maps; `read` returns undefined for an entry that is no job. The list may contain
 * incomplete entries and jobs of other users; these are skipped. Throws PROTOCOL for another kind of reply.
 */
export function readJobs(reply: Reply, read: (fields: JobFields) => JobReport | undefined): JobReport[] {
  return asArray(reply).flatMap((entry) => (Array.isArray(entry) || entry instanceof Map ? (read(new JobFields(asFields(entry))) ?? []) : []));
}
