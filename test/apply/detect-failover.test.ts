// Nodes that are no longer masters in the view of a third node.
import { describe, expect, it } from 'vitest';
import { replacedNode } from '../../src/apply/mover/safety/detect-failover.js';
import type { NodeLink } from '../../src/apply/node/node-link.js';
import { SlotSet } from '../../src/cluster/slot-set.js';

const [DEAD, HEIR, OTHER] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];

function witnessOf(...lines: string[]): NodeLink {
  const text = lines.map((line, index) => `${line.replace('AT', `127.0.0.1:${7000 + index}@${17_000 + index}`)}\n`).join('');
  return { name: 'witness', connection: () => Promise.resolve({ command: () => Promise.resolve(text) }) } as unknown as NodeLink;
}
const suspect = (keeps: string): { link: NodeLink; keeps: SlotSet } => ({ link: { id: DEAD, name: 'the dead one' } as unknown as NodeLink, keeps: SlotSet.parse(keeps) });
const OTHER_LINE = `${OTHER} AT myself,master - 0 0 3 connected 10923-16383`;

describe('a node that becomes unreachable during a move', () => {
  it('counts as failed over when a newer master owns its slots, even while the slots it got last are still listed as its own', async () => {
    for (const rest of ['', ' 48-71']) {
      const witness = witnessOf(`${DEAD} AT master,fail - 1 1 7 connected${rest}`, `${HEIR} AT master - 0 1 8 connected 0-47 5461-10922`, OTHER_LINE);
      expect(await replacedNode([witness], [suspect('5461-10922')])).toMatchObject({ code: 'FAILED_OVER', message: expect.stringContaining('it failed, and a replica was promoted') as string });
    }
  });

  it.each([
    ['it has failed and no other node owns its slots', `${DEAD} AT master,fail - 1 1 7 connected 5461-10922`, `${HEIR} AT slave ${DEAD} 0 1 7 connected`],
    ['a newer master has only other slots', `${DEAD} AT master,fail - 1 1 7 connected 5461-10922`, `${HEIR} AT master - 0 1 8 connected 0-47`],
    ['it is only suspected (PFAIL)', `${DEAD} AT master,fail? - 1 1 7 connected`, `${HEIR} AT master - 0 1 8 connected 0-47 5461-10922`],
  ])('is waited for while %s', async (_, dead, heir) => {
    expect(await replacedNode([witnessOf(dead, heir, OTHER_LINE)], [suspect('5461-10922')])).toBeUndefined();
  });

  it('counts as failed over when it is a replica now, or when a target without slots lost them to a newer master', async () => {
    expect(await replacedNode([witnessOf(`${DEAD} AT slave ${HEIR} 1 1 8 connected`, `${HEIR} AT master - 0 1 8 connected 0-100`, OTHER_LINE)], [suspect('5461-10922')])).toMatchObject({ code: 'FAILED_OVER' });
    expect(await replacedNode([witnessOf(`${DEAD} AT master,fail - 1 1 7 connected`, `${HEIR} AT master - 0 1 8 connected 0-100`, OTHER_LINE)], [{ ...suspect('0'), keeps: new SlotSet() }])).toMatchObject({ code: 'FAILED_OVER' });
  });

  it('is looked up until another node answers', async () => {
    const deaf = { name: 'deaf', connection: () => Promise.reject(new Error('gone')) } as unknown as NodeLink;
    expect(await replacedNode([deaf], [suspect('1')])).toBeUndefined();
    expect(await replacedNode([deaf, witnessOf(`${DEAD} AT slave ${HEIR} 1 1 8 connected`, OTHER_LINE)], [suspect('1')])).toMatchObject({ message: 'the dead one is no longer a master (as witness lists it)' });
  });
});
