// Views of three masters with one broken slot, 93, for the plans of fix.
import { expect } from 'vitest';
import { SLOT_COUNT } from '../../src/cluster/slots.js';
import type { ClusterView } from '../../src/cluster/view.js';
import type { SlotKeyCounts } from '../../src/plan/fix/facts.js';
import type { FixPlan } from '../../src/plan/fix/step.js';
import { idOf, viewOf } from './views.js';

export const [A, B, C] = [idOf(0), idOf(1), idOf(2)];

/** The slot that is broken, as the ranges of a step. */
export const slots: readonly (readonly [number, number])[] = [[93, 93]];

/** Keys of slot 93 (or of the slots named) on nodes by number. */
export function keys(counts: Readonly<Record<number, Readonly<Record<number, number>> | number>>): SlotKeyCounts {
  return new Map(
    [0, 1, 2].map((node) => {
      const perSlot = new Uint32Array(SLOT_COUNT);
      const given = counts[node] ?? 0;
      if (typeof given === 'number') perSlot[93] = given;
      else for (const [slot, count] of Object.entries(given)) perSlot[Number(slot)] = count;
      return [idOf(node), perSlot];
    }),
  );
}

/** Three masters; `marks` are appended to their slots. Without slot 93 where `hole`. */
export function three(marks: readonly [string, string, string], hole = false): ClusterView {
  const first = hole ? '0-92 94-5460' : '0-5460';
  return viewOf([{ slots: `${first} ${marks[0]}` }, { slots: `5461-10922 ${marks[1]}` }, { slots: `10923-16383 ${marks[2]}` }]);
}

/** The mark of a slot that migrates to a node. */
export const to = (id: string): string => `[93->-${id}]`;
/** The mark of a slot that is imported from a node. */
export const from = (id: string): string => `[93-<-${id}]`;

/** The only decision of a plan without refusals. */
export function only(plan: FixPlan): FixPlan['decisions'][number] {
  expect(plan.decisions).toHaveLength(1);
  expect(plan.refusals).toEqual([]);
  const [decision] = plan.decisions;
  if (decision === undefined) throw new Error('no decision');
  return decision;
}

export const kinds = (plan: FixPlan): string[] => plan.steps.map((step) => step.kind);
