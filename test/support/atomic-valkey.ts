// CLUSTER MIGRATESLOTS, GETSLOTMIGRATIONS and CANCELSLOTMIGRATIONS as Valkey 9 has them (cli.md 6.1): the source gets the command
// to push, one job per target, no retry. Not here: what a job does (atomic-jobs.ts).
import type { NodeLine } from '../../src/cluster/nodes-text.js';
import type { ServerReply } from '../../src/resp/server-reply.js';
import { EMPTY_ARRAY, ErrorReply, MapReply, OK } from '../../src/resp/server-reply.js';
import type { Account, Member, RealGround } from './atomic-ground.js';
import type { Jobs } from './atomic-jobs.js';
import { JobRecord } from './atomic-states.js';
import { readRanges } from './atomic-ranges.js';

type Answer = (words: readonly string[], member: Member, ground: RealGround, jobs: Jobs) => Promise<ServerReply>;

/** By the second word of the command. */
export const VALKEY_ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['MIGRATESLOTS', migrateSlots],
  ['GETSLOTMIGRATIONS', getSlotMigrations],
  ['CANCELSLOTMIGRATIONS', cancelSlotMigrations],
]);

const refuse = (why: string): ErrorReply => new ErrorReply(`ERR ${why}`);

/** `SLOTSRANGE s e [s e …] NODE id`, several times; the first that is wrong refuses all. */
function readJobs(words: readonly string[], source: string): JobRecord[] | ErrorReply {
  const jobs: JobRecord[] = [];
  for (let at = 0; at < words.length; ) {
    const node = words.findIndex((word, index) => index > at && word.toUpperCase() === 'NODE');
    const id = words[node + 1];
    if (words[at]?.toUpperCase() !== 'SLOTSRANGE' || node < 0 || id === undefined) return refuse('syntax error');
    const set = readRanges(words.slice(at + 1, node));
    if (set instanceof ErrorReply) return set;
    if (jobs.some((job) => job.set.intersection(set).size > 0)) return refuse('slot ranges overlap');
    jobs.push(new JobRecord('valkey', source, id, set));
    at = node + 2;
  }
  return jobs.length === 0 ? refuse('syntax error') : jobs;
}

function objection(job: JobRecord, { self, lines, open }: Account, running: readonly JobRecord[]): string | undefined {
  if (self.role !== 'master') return 'slots can only be migrated by a primary';
  if (open) return 'slots are being migrated manually on this node';
  const owners = lines.filter((line) => line.slots.intersection(job.set).size > 0);
  if (owners.reduce((left, line) => left.difference(line.slots), job.set).size > 0) return 'a slot is not served by any node';
  if (owners.length > 1) return 'the slot ranges span several shards';
  if (owners[0]?.myself !== true) return 'the slots are not served by this node';
  const target: NodeLine | undefined = lines.find((line) => line.id === job.target);
  if (target === undefined) return `unknown node ${job.target}`;
  if (target.myself) return 'the target is this node';
  if (target.role !== 'master') return 'the target is not a primary';
  return running.some((one) => one.set.intersection(job.set).size > 0) ? 'a slot is in a migration already' : undefined;
}

async function migrateSlots(words: readonly string[], member: Member, ground: RealGround, jobs: Jobs): Promise<ServerReply> {
  const wanted = readJobs(words.slice(2), member.id);
  if (wanted instanceof ErrorReply) return wanted;
  const account = await ground.account(member);
  for (const job of wanted) {
    const why = objection(job, account, jobs.running);
    if (why !== undefined) return refuse(why);
  }
  for (const job of wanted) jobs.start(job);
  return OK;
}

async function cancelSlotMigrations(words: readonly string[], member: Member, _ground: RealGround, jobs: Jobs): Promise<ServerReply> {
  if (words.length !== 2) return refuse('syntax error');
  const exports = jobs.running.filter((job) => job.design === 'valkey' && job.source === member.id);
  const cancelled = exports.filter((job) => jobs.cancel(job, 'cancelled by a client'));
  return cancelled.length === 0 ? refuse('no slot migration is in progress') : OK;
}

/** True for the script by which the administrator cancels, unless a handover is under way (src/apply/atomic/push.ts). */
export function isCancelScript([command, script]: readonly string[]): boolean {
  return command?.toUpperCase() === 'EVAL_RO' && script?.includes('CANCELSLOTMIGRATIONS') === true;
}

/** What that script returns. */
export async function runCancelScript(member: Member, ground: RealGround, jobs: Jobs): Promise<ServerReply> {
  if (jobs.running.some((job) => job.source === member.id && job.sourceState === 'failover-granted')) return 0;
  const reply = await cancelSlotMigrations(['CLUSTER', 'CANCELSLOTMIGRATIONS'], member, ground, jobs);
  return reply instanceof ErrorReply ? reply : 1;
}

async function getSlotMigrations(words: readonly string[], member: Member, ground: RealGround, jobs: Jobs): Promise<ServerReply> {
  if (words.length !== 2) return refuse('syntax error');
  const { self } = await ground.account(member);
  const listed = jobs.all.flatMap((job) => {
    if (job.design !== 'valkey' || ground.behaviour.forget?.(job) === true) return [];
    if (job.source === member.id) return [describe(job, 'EXPORT', job.sourceState)];
    if (job.targetState === '') return [];
    if (job.target === member.id) return [describe(job, 'IMPORT', job.targetState)];
    const shadow = self.masterId === job.target && job.ended < 0;
    return shadow ? [describe(job, 'IMPORT', 'occurring-on-primary')] : [];
  });
  return listed.length === 0 ? EMPTY_ARRAY : listed.reverse();
}

function describe(job: JobRecord, operation: 'IMPORT' | 'EXPORT', state: string): ServerReply {
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  return new MapReply([
    ...['name', job.id, 'operation', operation, 'slot_ranges', job.slots],
    ...['target_node', job.target, 'source_node', job.source],
    ...['create_time', seconds(job.created), 'last_update_time', seconds(job.updated), 'last_ack_time', seconds(job.updated)],
    ...['state', state, 'message', job.error, 'cow_size', 0],
  ]);
}
