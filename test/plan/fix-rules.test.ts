// The rules of fix exclude each other: whatever is wrong with a slot, exactly one of them decides about it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SLOT_COUNT } from '../../src/cluster/slots.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import type { UnreachableNode } from '../../src/cluster/view.js';
import { slotFacts } from '../../src/plan/fix/facts.js';
import type { SlotRepair } from '../../src/plan/fix/repair.js';
import type { SlotRule } from '../../src/plan/fix/rule.js';
import { SLOT_RULES } from '../../src/plan/fix/rules/index.js';
import { idOf, viewOf } from '../support/views.js';

const PLACES = ['0-92 94-5460', '5461-10922', '10923-16383'] as const;
const [A, B, C, ABSENT] = [0, 1, 2, 3].map(idOf) as [string, string, string, string];
const mark = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.constant(`[93->-${ABSENT}]`) },
  { weight: 4, arbitrary: fc.constantFrom(...[A, B, C].flatMap((id) => [`[93->-${id}]`, `[93-<-${id}]`])) },
);
const master = fc.record({ claims: fc.boolean(), mark, keys: fc.constantFrom(0, 0, 1, 7) });
const absent: UnreachableNode = { id: ABSENT, name: '127.0.0.1:7003', role: 'master', masterId: null, flags: ['master', 'fail'], slots: SlotSet.fromRanges([[93, 93]]), reason: 'fail' };
interface Situation {
  readonly masters: readonly { readonly claims: boolean; readonly mark: string; readonly keys: number }[];
  readonly gone: boolean;
  readonly undo: boolean;
  /** Slots without owner are improbable to be empty. */
  readonly improbable: boolean;
}
const situation: fc.Arbitrary<Situation> = fc.record({ masters: fc.tuple(master, master, master), gone: fc.boolean(), undo: fc.boolean(), improbable: fc.boolean() });

/** What each rule decides about each slot with a problem. */
function applied({ masters, gone, undo, improbable }: Situation): (readonly [SlotRule, SlotRepair])[][] {
  const sketches = masters.map(({ claims, mark: open }, i) => ({ slots: [PLACES[i], claims ? '93' : '', open.includes(idOf(i)) ? '' : open].filter((word) => word !== '').join(' ') }));
  const view = viewOf(sketches, gone ? [absent] : []);
  const counts = new Map(masters.map(({ keys }, i) => [idOf(i), new Uint32Array(SLOT_COUNT).fill(keys, 93, 94)]));
  return slotFacts(view, counts).map((facts) =>
    SLOT_RULES.flatMap((rule) => {
      const repair = rule.repair({ view, facts, assignee: view.entry, moves: { undo }, improbable: improbable ? { slots: 1, keysPerSlot: 40 } : undefined });
      return repair === undefined ? [] : [[rule, repair] as const];
    }),
  );
}

describe('the rules of fix', () => {
  it('exactly one applies to a slot, in every combination of claims, open states, keys and an unreachable node', () => {
    fc.assert(
      fc.property(situation, (one) => {
        for (const repairs of applied(one)) expect(repairs.map(([{ code }]) => code)).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });

  it('have their own code, and a question for everything that is not safe', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(situation, (one) => {
        for (const [rule, repair] of applied(one).flat()) {
          seen.add(repair.code);
          expect(repair.code).toBe(rule.code);
          if (repair.danger !== 'safe') expect(rule.consent, rule.code).toBeDefined();
        }
      }),
      { numRuns: 600, seed: 1 },
    );
    expect([...seen].sort()).toEqual(SLOT_RULES.map(({ code }) => code).sort());
  });
});
