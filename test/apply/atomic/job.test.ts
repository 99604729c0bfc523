// Reports of servers with either protocol about their migrations, in RESP2 and RESP3; and the nodes that take part in jobs. No
// nodes.
import { expect, it } from 'vitest';
import { Locks } from '../../../src/apply/atomic/locks.js';
import { JobFailed, refusal } from '../../../src/apply/atomic/failure.js';
import type { JobEnds, JobReport, MigrationProtocol } from '../../../src/apply/atomic/job.js';
import { pullProtocol } from '../../../src/apply/atomic/pull.js';
import { pushProtocol } from '../../../src/apply/atomic/push.js';
import { protocolOf } from '../../../src/apply/atomic/protocol.js';
import type { NodeLink } from '../../../src/apply/node/node-link.js';
import type { Arg } from '../../../src/resp/command.js';
import type { Reply } from '../../../src/resp/reply.js';
import { ReplyError } from '../../../src/resp/reply.js';

/** A node that gives the same reply to all commands and records them. */
function node(id: string, reply: Reply | ReplyError): NodeLink & { readonly said: string[] } {
  const said: string[] = [];
  const command = (words: readonly Arg[]): Promise<Reply> => {
    said.push(words.join(' '));
    return reply instanceof ReplyError ? Promise.reject(reply) : Promise.resolve(reply);
  };
  const pipeline = (list: readonly (readonly Arg[])[]): Promise<(Reply | ReplyError)[]> => Promise.resolve(list.map(() => reply));
  return { id, name: id, said, connection: () => Promise.resolve({ command, pipeline }) } as unknown as NodeLink & { readonly said: string[] };
}

const flat = (fields: Record<string, Reply>): Reply => Object.entries(fields).flat();
const real = (fields: Record<string, Reply>): Reply => new Map<Reply, Reply>(Object.entries(fields));

async function only(protocol: MigrationProtocol, fields: Record<string, Reply>, shape: (fields: Record<string, Reply>) => Reply): Promise<JobReport | undefined> {
  const jobs = await protocol.list(node('x', [shape(fields)]));
  expect(jobs).toHaveLength(1);
  return jobs[0];
}

const task = { id: 'T1', slots: '0-100 200 300-301', source: 'aa', dest: 'bb', operation: 'import', state: 'failed', last_error: 'link lost', retries: 3, create_time: 1, start_time: 2, end_time: -1, write_pause_ms: -1 };
const job = { name: 'J1', operation: 'EXPORT', slot_ranges: '5-7', target_node: 'bb', source_node: 'aa', create_time: 1, last_update_time: 2, last_ack_time: 3, state: 'snapshotting', message: '', cow_size: 0 };

it.each([['RESP2', flat], ['RESP3', real]] as const)('reads a task of Redis in %s: failed is no end, unset times are none', async (_, shape) => {
  const read = await only(pullProtocol, task, shape);
  expect(read).toMatchObject({ id: 'T1', source: 'aa', target: 'bb', side: 'target', state: 'failed', end: undefined, retries: 3, message: 'link lost', writePauseMs: undefined });
  expect(read?.slots.toString()).toBe('0-100,200,300-301');
  expect(await only(pullProtocol, { ...task, operation: 'migrate', state: 'completed', write_pause_ms: 7n }, shape)).toMatchObject({ side: 'source', end: 'done', writePauseMs: 7 });
  expect(await only(pullProtocol, { ...task, operation: 'migrate' }, shape)).toMatchObject({ side: 'source', end: 'failed' }); // the source doesn't begin anew
  expect(await only(pullProtocol, { ...task, state: 'canceled' }, shape)).toMatchObject({ end: 'cancelled' });
});

it.each([['RESP2', flat], ['RESP3', real]] as const)('reads a job of Valkey in %s: failed is the end', async (_, shape) => {
  const read = await only(pushProtocol, job, shape);
  expect(read).toMatchObject({ id: 'J1', source: 'aa', target: 'bb', side: 'source', state: 'snapshotting', end: undefined });
  expect(read?.slots.toString()).toBe('5-7');
  for (const [state, end] of [['success', 'done'], ['failed', 'failed'], ['cancelled', 'cancelled']] as const) expect(await only(pushProtocol, { ...job, state }, shape)).toMatchObject({ end });
});

it('skips entries that are not valid jobs: without state, without end after a promotion, or not a map', async () => {
  const { source_node: _source, target_node: _target, ...promoted } = job;
  const told = await pushProtocol.list(node('x', [flat({ ...job, state: 5 }), 'text', null, flat({ ...promoted, name: 'J0', operation: 'IMPORT', state: 'failed' }), flat({ ...promoted, name: 'J9', slot_ranges: '?' }), flat(job)]));
  expect(told.map(({ id, source, target, end }) => [id, source, target, end])).toEqual([['J0', '', 'x', 'failed'], ['J9', 'x', '', undefined], ['J1', 'aa', 'bb', undefined]]);
  const { source: _from, dest: _dest, ...bare } = task;
  expect((await pullProtocol.list(node('x', [flat({ ...bare, state: 'completed' }), flat(task)]))).map(({ id, source, target }) => [id, source, target])).toEqual([['T1', '', 'x'], ['T1', 'aa', 'bb']]);
  await expect(pushProtocol.list(node('x', 'OK'))).rejects.toMatchObject({ code: 'PROTOCOL' });
});

it('cancels at the target first on Redis, because the source may be down; on Valkey at the source only, which cancels its other jobs too', async () => {
  const [source, target] = [node('aa', new ReplyError('ERR no such task')), node('bb', 1)];
  await pullProtocol.cancel({ source, target }, 'T1');
  expect([target.said, source.said]).toEqual([['CLUSTER MIGRATION CANCEL ID T1'], ['CLUSTER MIGRATION CANCEL ID T1']]);
  const pushing: JobEnds = { source: node('aa', [flat(job), flat({ ...job, name: 'J2', state: 'success' }), flat({ ...job, name: 'J3', operation: 'IMPORT', source_node: 'cc' })]), target };
  expect(pushProtocol.alsoCancelled(await pushProtocol.list(pushing.source), pushing).map(({ id }) => id)).toEqual(['J1']);
  expect(pullProtocol.alsoCancelled([], pushing)).toEqual([]);
});

it.each<[string, Reply | ReplyError, MigrationProtocol | undefined]>([
  ['Redis 8.4', [['cluster|migration', -4], null], pullProtocol],
  ['Valkey 9', [null, ['cluster|migrateslots', -4]], pushProtocol],
  ['older ones', [null, null], undefined],
  ['RESP3 empty entries', [[], []], undefined],
  ['a user who may neither ask nor look at jobs', new ReplyError('NOPERM no'), undefined],
])('what a node can do is asked, not guessed: %s', async (_, reply, protocol) => {
  expect(await protocolOf(node('x', reply))).toBe(protocol);
});

it.each<[string, Reply | ReplyError, string, MigrationProtocol | undefined]>([
  ['may look at jobs, but not at the list of commands', new ReplyError('NOPERM COMMAND'), 'GETSLOTMIGRATIONS', pushProtocol],
  ['may see the list of commands, but no jobs', [null, ['cluster|migrateslots', -4]], '', undefined],
])('a user who %s', async (_, commands, allowed, protocol) => {
  const link = {
    id: 'x', name: 'x',
    connection: () => Promise.resolve({
      pipeline: () => Promise.resolve([commands]),
      command: (words: readonly Arg[]) => (words[1] === allowed ? Promise.resolve([]) : Promise.reject(new ReplyError('NOPERM no'))),
    }),
  } as unknown as NodeLink;
  expect(await protocolOf(link)).toBe(protocol);
});

it('classifies refusals: unsupported, temporarily busy, not fitting', () => {
  const ends: JobEnds = { source: node('aa', 1), target: node('bb', 1) };
  const remedy = (text: string): unknown => {
    const error = refusal(ends, new ReplyError(text));
    return error instanceof JobFailed ? error.remedy : (error as { code: string }).code;
  };
  expect(remedy("ERR unknown subcommand 'MIGRATION'. Try CLUSTER HELP.")).toBe('by-keys');
  expect(remedy('NOPERM User x has no permissions to run the command')).toBe('by-keys');
  expect(remedy('ERR a loaded module does not support slot migrations')).toBe('by-keys');
  expect(remedy('ERR there is already a task in progress')).toBe('EBUSY');
  expect(remedy('ERR slots are being trimmed')).toBe('EBUSY');
  expect(remedy('ERR slot 5 is not served by this node')).toBe('none');
  expect(remedy('CLUSTERDOWN The cluster is down')).toBe('CLUSTERDOWN');
});

it('locks all names or none, and serves waiters in order', async () => {
  const locks = new Locks();
  const told: string[] = [];
  const free = await locks.take(['a', 'b']);
  const third = locks.take(['b', 'c']).then((release) => {
    told.push('bc');
    return release;
  });
  const other = await locks.take(['d']);
  const fourth = locks.take(['c', 'd']).then((release) => {
    told.push('cd');
    return release;
  });
  other();
  (await fourth)();
  expect(told).toEqual(['cd']);
  free();
  (await third)();
  expect(told).toEqual(['cd', 'bc']);
});
