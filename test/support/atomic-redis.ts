// CLUSTER MIGRATION as Redis 8.4 has it (cli.md 6.2): the destination gets the command to import, both sides report the
// status, the destination retries until cancelled. Not here: what a task does (atomic-jobs.ts).
import type { ServerReply } from '../../src/resp/server-reply.js';
import { EMPTY_ARRAY, ErrorReply, MapReply } from '../../src/resp/server-reply.js';
import type { Member, RealGround } from './atomic-ground.js';
import { occupies } from './atomic-ground.js';
import type { Jobs } from './atomic-jobs.js';
import { isFinal, JobRecord } from './atomic-states.js';
import { readRanges } from './atomic-ranges.js';

/** `words` from CLUSTER on. */
export async function answerMigration(words: readonly string[], member: Member, ground: RealGround, jobs: Jobs): Promise<ServerReply> {
  const [verb = '', how = '', id = ''] = words.slice(2);
  if (verb.toUpperCase() === 'IMPORT') return startImport(words.slice(3), member, ground, jobs);
  const which = how.toUpperCase();
  const fits = (which === 'ID' && words.length === 5) || (which === 'ALL' && words.length === 4);
  if (!fits || !/^(STATUS|CANCEL)$/i.test(verb)) return new ErrorReply('ERR syntax error');
  const chosen = jobs.all.filter((job) => job.design === 'redis' && (which === 'ALL' || job.id === id) && (job.target === member.id || (job.source === member.id && job.sourceState !== '')));
  if (verb.toUpperCase() === 'CANCEL') return chosen.filter((job) => cancelHere(job, member, jobs)).length;
  const listed = chosen.filter((job) => ground.behaviour.forget?.(job) !== true);
  return listed.length === 0 ? EMPTY_ARRAY : listed.reverse().map((job) => describe(job, member));
}

function cancelHere(job: JobRecord, member: Member, jobs: Jobs): boolean {
  if (job.target === member.id) return jobs.cancel(job);
  if (job.stopped || job.moving || job.ended >= 0 || isFinal(job.sourceState)) return false;
  jobs.disrupt(job, 'canceled', 'the source cancelled the task');
  return true;
}

async function startImport(words: readonly string[], member: Member, ground: RealGround, jobs: Jobs): Promise<ServerReply> {
  const set = readRanges(words);
  if (set instanceof ErrorReply) return set;
  const { self, lines, open } = await ground.account(member);
  const refuse = (why: string): ErrorReply => new ErrorReply(`ERR ${why}`);
  if (self.role !== 'master') return refuse('only a master can import slots');
  if (open) return refuse('some slots are in importing or migrating state, they must be stable first');
  const owners = lines.filter((line) => set.intersection(line.slots).size > 0);
  const [owner] = owners;
  if (owner === undefined || owners.reduce((left, line) => left.difference(line.slots), set).size > 0) return refuse('a slot of the range has no owner');
  if (owners.length > 1) return refuse('the slots belong to different source nodes');
  if (owner.myself) return refuse('this node is the owner of these slots already');
  const busy = jobs.running.find((job) => job.design === 'redis' && occupies(job, member.id));
  if (busy !== undefined) return refuse('another migration task is in progress on this node');
  if (trimming(set, member, ground, jobs)) return refuse('slots of the range are still being trimmed');
  const failed = jobs.running.find((job) => job.design === 'redis' && job.target === member.id);
  if (failed !== undefined) jobs.cancel(failed);
  return jobs.start(new JobRecord('redis', owner.id, member.id, set)).id;
}

function trimming(set: JobRecord['set'], member: Member, ground: RealGround, jobs: Jobs): boolean {
  const since = Date.now() - ground.behaviour.trimMs;
  return jobs.all.some((job) => job.source === member.id && job.targetState === 'completed' && job.ended > since && job.set.intersection(set).size > 0);
}

function describe(job: JobRecord, member: Member): ServerReply {
  const imports = job.target === member.id;
  const state = imports ? job.targetState : job.sourceState;
  const over = imports ? job.ended >= 0 : isFinal(state);
  return new MapReply([
    ...['id', job.id, 'slots', job.slots, 'source', job.source, 'dest', job.target],
    ...['operation', imports ? 'import' : 'migrate', 'state', state, 'last_error', job.error],
    ...['retries', imports ? job.retries : 0, 'create_time', job.created, 'start_time', job.started],
    ...['end_time', over ? Math.max(job.ended, job.updated) : -1, 'write_pause_ms', job.pauseMs],
  ]);
}
