// The questions of reshard in our own spelling: a replica is explained, and one master alone is refused before any question.
import { expect, it } from 'vitest';
import { askReshard } from '../../src/ui/ask-reshard.js';
import type { Pick } from '../../src/ui/pick.js';
import type { Prompts } from '../../src/ui/prompts.js';
import { idOf, viewOf } from '../support/views.js';

const NOTHING = { slots: undefined, to: undefined, from: undefined };

it('explains that a receiver is a replica, and keeps the line of the predecessors in their spelling', async () => {
  const view = viewOf([{ slots: '0-8191' }, { slots: '8192-16383' }, { replicaOf: 0 }]);
  const [master, , replica] = view.nodes;
  const messages: string[] = [];
  for (const own of [true, false]) {
    const prompts = { pick: ({ find }: Pick<string>) => Promise.resolve([find(idOf(2)).value]) } as unknown as Prompts;
    await askReshard(view, { ...NOTHING, slots: '5' }, () => Promise.resolve(prompts), own).catch((error: Error) => messages.push(error.message));
  }
  expect(messages[0]).toContain(`${replica?.name ?? ''} is a replica of ${master?.name ?? ''}. Give its master instead, or promote the replica: redis-trib failover ${replica?.name ?? ''}`);
  expect(messages[1]).toBe(`*** The specified node (${idOf(2)}) is not known or not a master, please retry.`);
});

it('asks nothing when there is only one master', async () => {
  const view = viewOf([{ slots: '0-16383' }, { replicaOf: 0 }]);
  const asked = (): Promise<Prompts> => Promise.reject(new Error('asked'));
  await expect(askReshard(view, NOTHING, asked, true)).rejects.toMatchObject({ code: 'NO_TARGET', hint: expect.stringMatching(/add-node HOST:PORT .*del-node .* then redis-trib add-node/) as string });
  await expect(askReshard(view, NOTHING, asked, false)).rejects.toThrow('asked');
});
