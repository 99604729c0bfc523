// Slot commands without a transaction: for Valkey from 8 on, which replicates SETSLOT, for users without MULTI, and for Valkey's
// Raft bus, which refuses them in a transaction (cli.md 6.7). Scripted nodes.
import { expect, it } from 'vitest';
import { FixRun, type FixRequest } from '../../src/apply/fix/fix-run.js';
import { claimSlots, yieldSlots } from '../../src/apply/fix/slot-commands.js';
import type { NodeLink } from '../../src/apply/node/node-link.js';
import { ClusterView } from '../../src/cluster/view.js';
import type { Arg } from '../../src/resp/command.js';
import type { Reply } from '../../src/resp/reply.js';
import { ReplyError } from '../../src/resp/reply.js';

const ID = 'a'.repeat(40);
const PEER = 'b'.repeat(40);
type Answer = (words: readonly Arg[], written: readonly (readonly Arg[])[]) => Reply | ReplyError;

/** Slot commands for slots 5 and 6 to a scripted node; returns the commands of each write, and the failures. */
async function give(answer: Answer, orders: (run: FixRun) => Promise<void>, info: Reply | ReplyError = 'redis_version:7.0.15\r\n'): Promise<{ said: string[][]; failed: string[] }> {
  const said: string[][] = [];
  const pipeline = (list: readonly (readonly Arg[])[]): Promise<(Reply | ReplyError)[]> => {
    if (list[0]?.[0] === 'INFO') return Promise.resolve([info, 'connected_slaves:0\r\n']); // without replicas one write is quick
    said.push(list.map((words) => words.join(' ').replace('CLUSTER SETSLOT', 'SETSLOT').replace('CLUSTER DELSLOTS', 'DELSLOTS')));
    return Promise.resolve(list.map((words) => answer(words, list)));
  };
  const link = { id: ID, name: '10.0.0.1:7000', connection: () => Promise.resolve({ pipeline }) } as unknown as NodeLink;
  const request = { view: new ClusterView([]), links: new Map([[ID, link]]), counts: new Map(), options: { retryMs: 100 }, onEvent: () => undefined, signal: undefined } as unknown as FixRequest;
  const run = new FixRun(request);
  await orders(run);
  return { said, failed: run.failures.map(({ slot, message }) => `${slot}: ${message}`) };
}

const claim = (answer: Answer, info?: Reply | ReplyError): ReturnType<typeof give> => give(answer, (run) => claimSlots(run, { kind: 'claim-slots', node: ID, slots: [[5, 6]] }), info);
const yielded = (answer: Answer, info?: Reply | ReplyError): ReturnType<typeof give> => give(answer, (run) => yieldSlots(run, { kind: 'yield-slots', node: ID, owner: PEER, disown: true, slots: [[5, 6]] }), info);

const ORDERS = ['CLUSTER BUMPEPOCH', ...[5, 6].flatMap((slot) => [`SETSLOT ${slot} STABLE`, `SETSLOT ${slot} NODE ${ID}`])];
const YIELDS = ['DELSLOTS 5', 'DELSLOTS 6', ...[5, 6].flatMap((slot) => [`SETSLOT ${slot} STABLE`, `SETSLOT ${slot} IMPORTING ${PEER}`])];
const verdict = (): Reply => 'OK';

it('sends one transaction to a server that accepts SETSLOT inside MULTI', async () => {
  const inExec: Answer = (words, written) => (words[0] === 'EXEC' ? written.slice(1, -1).map(() => 'OK') : 'OK');
  expect((await claim(inExec)).said).toEqual([['MULTI', ...ORDERS, 'EXEC']]);
  expect((await yielded(inExec)).said).toEqual([['MULTI', ...YIELDS, 'EXEC']]);
});

it.each([
  ['Valkey 8', 'server_name:valkey\r\nredis_version:7.2.4\r\nvalkey_version:8.1.1\r\n'],
  ['Valkey 9', 'server_name:valkey\r\nredis_version:7.2.4\r\nvalkey_version:9.1.2\r\n'],
  ['a server of unknown version', new ReplyError('NOPERM no info')],
])('never sends SETSLOT inside MULTI to %s, and marks nothing as imported from a node that does not claim it yet', async (_, info) => {
  expect((await claim(verdict, info)).said).toEqual([ORDERS]);
  expect((await yielded(verdict, info)).said).toEqual([['DELSLOTS 5', 'DELSLOTS 6']]);
});

it('repeats commands that a replica has not confirmed in time', async () => {
  let asked = 0;
  const { said, failed } = await claim((words) => (words[2] === '5' && words[3] === 'NODE' && asked++ === 0 ? new ReplyError('NOREPLICAS Not enough good replicas to write.') : 'OK'), 'valkey_version:8.1.1\r\n');
  expect([said.length, failed]).toEqual([2, []]);
});

it('sends single commands to a server that refuses SETSLOT inside MULTI', async () => {
  const refused = await claim((words, written) => {
    if (words[0] === 'EXEC') return new ReplyError('EXECABORT Transaction discarded because of previous errors.');
    return words[0] !== 'MULTI' && written[0]?.[0] === 'MULTI' ? new ReplyError('ERR not allowed in a transaction') : verdict();
  });
  expect(refused).toEqual({ said: [['MULTI', ...ORDERS, 'EXEC'], ORDERS], failed: [] });
});

it('reports a command that such a server refuses on its own too as a failure of that slot', async () => {
  const { failed } = await claim((words, written) => {
    if (words[0] === 'EXEC') return new ReplyError('EXECABORT Transaction discarded because of previous errors.');
    return written[0]?.[0] === 'MULTI' || words[2] === '6' || words[2] === 6 ? new ReplyError('ERR no leader') : verdict();
  });
  expect(failed).toEqual([expect.stringMatching(/^6: .*no leader/)]);
});

it('sends single commands in the same write for a user without the right to MULTI', async () => {
  const { said, failed } = await claim((words) => (words[0] === 'MULTI' ? new ReplyError('NOPERM no multi') : words[0] === 'EXEC' ? new ReplyError('ERR EXEC without MULTI') : verdict()));
  expect([said.length, failed]).toEqual([1, []]);
});
