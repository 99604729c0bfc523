// A repair plan in the predecessors' lines, as scripts know them from fix (cli.md 4.5, 8.7, 8.8), each decision with its
// danger and reason under it. Pure. The table for a person is in fix-table.ts.
import type { ClusterView } from '../../cluster/view.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { Decision, DecisionCode, FixPlan } from '../../plan/fix/step.js';
import { eachSlot } from '../../plan/step.js';

/** What is asked before decisions of a kind are carried out, and the option that answers it; others are not asked. */
export const QUESTIONS: Readonly<Partial<Record<DecisionCode, { readonly question: string; readonly flag: string }>>> = {
  'choose-owner': { question: "Several masters claim these slots: make the ones named above their owners? (type 'yes' to accept):", flag: '--choose-owner' },
  'close-absent': { question: "The other side of these slots cannot be reached: close them? (type 'yes' to accept):", flag: '--close-absent (or --yes)' },
  'cover-empty': { question: "Fix these slots by covering with the nodes named above? (type 'yes' to accept):", flag: '--cover-empty (or --yes)' },
  'cover-holder': { question: "Fix these slots by covering with those nodes? (type 'yes' to accept):", flag: '--cover-holder (or --yes)' },
  'cover-moving': { question: "Fix these slots by moving keys into a single node? (type 'yes' to accept):", flag: '--cover-moving (or --yes)' },
};

const COVERAGE: readonly (readonly [DecisionCode, string])[] = [
  ['cover-empty', 'The following uncovered slots have no keys across the cluster:'],
  ['cover-holder', 'The following uncovered slots have keys in just one node:'],
  ['cover-moving', 'The following uncovered slots have keys in multiple nodes:'],
];

/** The slots of decisions as redis-cli lists them: `[0-99],[200]`. */
export function slotList(decisions: readonly Decision[]): string {
  return new SlotSet(decisions.flatMap(({ slots }) => [...eachSlot(slots)])).toBracketText();
}

/** redis-cli's line for what happens to an open slot. */
function caseLine(decision: Decision, slot: number, name: (id: string) => string): string {
  const owner = name(decision.owner);
  switch (decision.code) {
    case 'finish-move': {
      const from = name(decision.source ?? '');
      return decision.importing.length > 1
        ? `>>> Case 3: Moving slot ${slot} from ${from} to ${owner} and closing it on all the other importing nodes.`
        : `>>> Case 1: Moving slot ${slot} from ${from} to ${owner}`;
    }
    case 'gather-open':
      return `>>> Case 2: Moving all the ${slot} slot keys to its owner ${owner}`;
    default: {
      const closed = [...decision.migrating, ...decision.importing].map(name).join(',');
      return decision.importing.length > 0 && decision.migrating.length > 0 ? '>>> Case 3: Closing slot ' + `${slot} on both migrating and importing nodes.` : `>>> Case 4: Closing slot ${slot} on ${closed}`;
    }
  }
}

function openSlotLines(decision: Decision, slot: number, name: (id: string) => string): string[] {
  const strangers = decision.holders.filter(({ node, keys }) => keys > 0 && !decision.claimants.includes(node) && node !== decision.owner);
  return [
    `>>> Fixing open slot ${slot}`,
    ...strangers.map(({ node }) => `*** Found keys about slot ${slot} in non-owner node ${name(node)}!`),
    ...(decision.migrating.length > 0 ? [`Set as migrating in: ${decision.migrating.map(name).join(',')}`] : []),
    ...(decision.importing.length > 0 ? [`Set as importing in: ${decision.importing.map(name).join(',')}`] : []),
    caseLine(decision, slot, name),
  ];
}

function ownerLines(decision: Decision, slot: number, name: (id: string) => string): string[] {
  return [`>>> Fixing multiple owners for slot ${slot}...`, `>>> Setting slot ${slot} owner: ${name(decision.owner)}`];
}

function why(decision: Decision): string {
  return `    ${decision.danger}: ${decision.action}: ${decision.reason}`;
}

function* perSlot(decisions: readonly Decision[], lines: (decision: Decision, slot: number) => string[]): Generator<string> {
  for (const decision of decisions) {
    for (const slot of eachSlot(decision.slots)) yield* lines(decision, slot);
    yield why(decision);
  }
}

/** The whole plan as lines; empty when there is nothing to do. */
export function fixPlanLines(view: ClusterView, plan: FixPlan): string[] {
  const name = (id: string): string => view.node(id)?.name ?? id;
  const of = (...codes: DecisionCode[]): Decision[] => plan.decisions.filter(({ code }) => codes.includes(code));
  const coverage = COVERAGE.flatMap(([code, heading]) => {
    const decisions = of(code);
    if (decisions.length === 0) return [];
    const covering = code === 'cover-moving' ? 'moving keys to' : 'with';
    return [heading, slotList(decisions), ...perSlot(decisions, (decision, slot) => [`>>> Covering slot ${slot} ${covering} ${name(decision.owner)}`])];
  });
  return [
    ...perSlot(of('finish-move', 'gather-open', 'close-open', 'close-absent'), (decision, slot) => openSlotLines(decision, slot, name)),
    ...(coverage.length > 0 ? ['>>> Fixing slots coverage...', ...coverage] : []),
    ...perSlot(of('choose-owner', 'gather-stray'), (decision, slot) => ownerLines(decision, slot, name)),
    ...of('tell-owner').flatMap((decision) => [`>>> Telling all masters about slots ${slotList([decision])}`, why(decision)]),
  ];
}
