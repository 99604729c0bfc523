// Orders about slots where a server takes them in no transaction: users without MULTI, and Valkey's Raft bus, which refuses
// them inside of one (cli 6.7). Scripted nodes.
import { expect, it } from 'vitest';
import { FixRun, type FixRequest } from '../../src/apply/fix/fix-run.js';
import { claimSlots } from '../../src/apply/fix/slot-orders.js';
import type { NodeLink } from '../../src/apply/node-link.js';
import type { Arg } from '../../src/resp/command.js';
import type { Reply } from '../../src/resp/reply.js';
import { ReplyError } from '../../src/resp/reply.js';

const ID = 'a'.repeat(40);

/** Claims slots 5 and 6 at a node that answers as told; what was said to it, a list a write, and what failed. */
async function claim(answer: (words: readonly Arg[], written: readonly (readonly Arg[])[]) => Reply | ReplyError): Promise<{ said: string[][]; failed: string[] }> {
  const said: string[][] = [];
  const pipeline = (list: readonly (readonly Arg[])[]): Promise<(Reply | ReplyError)[]> => {
    said.push(list.map((words) => words.join(' ').replace('CLUSTER SETSLOT', 'SETSLOT').replace('CLUSTER COUNTKEYSINSLOT', 'COUNT')));
    return Promise.resolve(list.map((words) => answer(words, list)));
  };
  const link = { id: ID, name: '10.0.0.1:7000', connection: () => Promise.resolve({ pipeline }) } as unknown as NodeLink;
  const request = { links: new Map([[ID, link]]), counts: new Map(), options: { retryMs: 100 }, onEvent: () => undefined, signal: undefined } as unknown as FixRequest;
  const run = new FixRun(request);
  await claimSlots(run, { kind: 'claim-slots', node: ID, slots: [[5, 6]] });
  return { said, failed: run.failures.map(({ slot, message }) => `${slot}: ${message}`) };
}

const ORDERS = [5, 6].flatMap((slot) => [`COUNT ${slot}`, `SETSLOT ${slot} STABLE`, `SETSLOT ${slot} NODE ${ID}`]);
const verdict = (words: readonly Arg[]): Reply => (words[1] === 'COUNTKEYSINSLOT' ? 0 : 'OK');

it('a server that refuses them inside of MULTI gets them one by one', async () => {
  const refused = await claim((words, written) => {
    if (words[0] === 'EXEC') return new ReplyError('EXECABORT Transaction discarded because of previous errors.');
    return words[0] !== 'MULTI' && written[0]?.[0] === 'MULTI' ? new ReplyError('ERR not allowed in a transaction') : verdict(words);
  });
  expect(refused).toEqual({ said: [['MULTI', ...ORDERS, 'CLUSTER BUMPEPOCH', 'EXEC'], [...ORDERS, 'CLUSTER BUMPEPOCH']], failed: [] });
});

it('what such a server refuses also on its own is a failure of that slot', async () => {
  const { failed } = await claim((words, written) => {
    if (words[0] === 'EXEC') return new ReplyError('EXECABORT Transaction discarded because of previous errors.');
    return written[0]?.[0] === 'MULTI' || words[2] === '6' || words[2] === 6 ? new ReplyError('ERR no leader') : verdict(words);
  });
  expect(failed).toEqual([expect.stringMatching(/^6: .*no leader/)]);
});

it('a user without MULTI has given them one by one in the same write', async () => {
  const { said, failed } = await claim((words) => (words[0] === 'MULTI' ? new ReplyError('NOPERM no multi') : words[0] === 'EXEC' ? new ReplyError('ERR EXEC without MULTI') : verdict(words)));
  expect([said.length, failed]).toEqual([1, []]);
});
