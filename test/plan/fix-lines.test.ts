// Plans of fix as the lines that redis-cli and redis-trib.rb print (cli.md 4.5, 8.7, 8.8). Pure.
import { describe, expect, it } from 'vitest';
import type { ClusterView } from '../../src/cluster/view.js';
import type { SlotKeyCounts } from '../../src/plan/fix/facts.js';
import { planFix } from '../../src/plan/fix/plan.js';
import { decisionTexts, fixPlanLines } from '../../src/ui/views/fix-lines.js';
import { A, B, C, from, keys, three, to } from '../support/fix-views.js';
import { idOf, viewOf } from '../support/views.js';

describe('the lines of the predecessors (cli.md 4.5, 8.7, 8.8)', () => {
  const lines = (view: ClusterView, counts: SlotKeyCounts): string[] => fixPlanLines(view, planFix(view, counts)).filter((line) => !line.startsWith('    '));
  const [a, b, c] = ['127.0.0.1:7000', '127.0.0.1:7001', '127.0.0.1:7002'];

  it('case 1: a slot migrating on one node and importing on another moves on', () => {
    expect(lines(three([to(C), '', from(A)]), keys({ 0: 3 }))).toEqual(['>>> Fixing open slot 93', `Set as migrating in: ${a}`, `Set as importing in: ${c}`, `>>> Case 1: Moving slot 93 from ${a} to ${c}`]);
  });

  it('case 2: keys on importing nodes move to the owner of the slot', () => {
    expect(lines(three(['', from(A), '']), keys({ 0: 3, 1: 1 }))).toEqual([
      '>>> Fixing open slot 93',
      `*** Found keys about slot 93 in non-owner node ${b}!`,
      `Set as importing in: ${b}`,
      `>>> Case 2: Moving all the 93 slot keys to its owner ${a}`,
    ]);
  });

  it('cases 3 and 4: a slot migrating on one node, importing on several or none, moves to one of them or is closed', () => {
    expect(lines(three([to(C), from(A), from(A)]), keys({ 0: 4 }))).toEqual([
      '>>> Fixing open slot 93',
      `Set as migrating in: ${a}`,
      `Set as importing in: ${b},${c}`,
      `>>> Case 3: Moving slot 93 from ${a} to ${c} and closing it on all the other importing nodes.`,
    ]);
    const elsewhere = viewOf([{ slots: `0-5460 ${to(idOf(3))}` }, { slots: `5461-10922 ${from(A)}` }, { slots: `10923-16383 ${from(A)}` }, { slots: '' }]);
    expect(lines(elsewhere, keys({ 0: 4 }))).toEqual([
      '>>> Fixing open slot 93',
      `Set as migrating in: ${a}`,
      `Set as importing in: ${b},${c}`,
      '>>> Case 3: Closing slot 93 on both migrating and importing nodes.',
    ]);
    expect(lines(three([to(B), '', '']), keys({ 0: 3 }))).toEqual(['>>> Fixing open slot 93', `Set as migrating in: ${a}`, `>>> Case 4: Closing slot 93 on ${a}`]);
  });

  it('uncovered slots are listed by how many nodes hold keys of them: none, one, several', () => {
    const view = viewOf([{ slots: '0-92 96-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }]);
    expect(lines(view, keys({ 1: { 94: 1, 95: 2 }, 2: { 95: 1 } }))).toEqual([
      '>>> Fixing slots coverage...',
      'The following uncovered slots have no keys across the cluster:',
      '[93]',
      `>>> Covering slot 93 with ${a}`,
      'The following uncovered slots have keys in just one node:',
      '[94]',
      `>>> Covering slot 94 with ${b}`,
      'The following uncovered slots have keys in multiple nodes:',
      '[95]',
      `>>> Covering slot 95 moving keys to ${b}`,
    ]);
  });

  it('a slot with several owners gets one of them', () => {
    const view = viewOf([{ slots: '0-5460' }, { slots: '93 5461-10922' }, { slots: '10923-16383' }]);
    expect(lines(view, keys({ 0: 1 }))).toEqual(['>>> Fixing multiple owners for slot 93...', `>>> Setting slot 93 owner: ${a}`]);
  });
});

it('a decision about several slots speaks of them in the plural', () => {
  const { decisions: [one] } = planFix(three(['', from(A), '']), keys({ 0: 3, 1: 1 }));
  expect(decisionTexts(one!)).toEqual({ action: 'move the keys on 127.0.0.1:7001 to 127.0.0.1:7000 and close the slot', reason: '127.0.0.1:7000 is its only owner' });
  expect(decisionTexts({ ...one!, slots: [[93, 94]] })).toEqual({ action: 'move the keys on 127.0.0.1:7001 to 127.0.0.1:7000 and close the slots', reason: '127.0.0.1:7000 is their only owner' });
});
