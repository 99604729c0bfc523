// A repair plan in the predecessors' lines of fix (cli.md 4.5, 8.7, 8.8), each decision followed by its danger and reason.
// Pure. Open slots are in fix-open-lines.ts, the table in fix-table.ts.
import type { NameOf } from './step-text.js';
import type { ClusterView } from '../../cluster/view.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { Decision, DecisionCode, FixPlan } from '../../plan/fix/step.js';
import { countSlots, eachSlot } from '../../plan/step.js';
import type { LineDialect } from '../terminal.js';
import { wordingOf } from './dialect.js';
import { openSlotLines } from './fix-open-lines.js';

const COVERAGE: readonly (readonly [DecisionCode, string])[] = [
  ['cover-empty', 'no keys across the cluster'],
  ['cover-forgotten', 'no keys across the cluster'],
  ['cover-holder', 'keys in just one node'],
  ['cover-moving', 'keys in multiple nodes'],
];

/** The slots of decisions: `[0-99],[200]` in redis-cli's format. */
export function slotList(decisions: readonly Decision[], dialect: LineDialect = 'redis-cli'): string {
  return wordingOf(dialect).slotList(new SlotSet(decisions.flatMap(({ slots }) => [...eachSlot(slots)])));
}

function ownerLines(decision: Decision, slot: number, name: NameOf): string[] {
  return [`>>> Fixing multiple owners for slot ${slot}...`, `>>> Setting slot ${slot} owner: ${name(decision.owner)}`];
}

/** The action and the reason of a decision, in the plural when it concerns several slots. */
export function decisionTexts({ slots, action, reason }: Decision): { readonly action: string; readonly reason: string } {
  if (countSlots(slots) === 1) return { action, reason };
  const plural = (text: string): string => text.replace(/\bthe slot\b/g, 'the slots').replace(/\bits only owner\b/g, 'their only owner');
  return { action: plural(action), reason: plural(reason) };
}

function why(decision: Decision): string {
  const { action, reason } = decisionTexts(decision);
  return `    ${decision.danger}: ${action}: ${reason}`;
}

function* perSlot(decisions: readonly Decision[], lines: (decision: Decision, slot: number) => string[]): Generator<string> {
  for (const decision of decisions) {
    for (const slot of eachSlot(decision.slots)) yield* lines(decision, slot);
    yield why(decision);
  }
}

/** redis-trib.rb's list of uncovered slots, ascending, with the nodes that hold keys of each. */
function uncoveredLines(view: ClusterView, decisions: readonly Decision[]): string[] {
  const holdersOf = ({ code, owner, holders }: Decision): string[] => {
    const ids = code === 'cover-empty' || code === 'cover-forgotten' ? [] : [owner, ...holders.map(({ node }) => node)];
    return view.nodes.filter(({ id }) => ids.includes(id)).map((node) => node.name);
  };
  const slots = decisions.flatMap((decision) => [...eachSlot(decision.slots)].map((slot) => ({ slot, nodes: holdersOf(decision) }))).sort((a, b) => a.slot - b.slot);
  return [`List of not covered slots: ${slots.map(({ slot }) => slot).join(',')}`, ...slots.map(({ slot, nodes }) => `Slot ${slot} has keys in ${nodes.length} nodes: ${nodes.join(', ')}`)];
}

function coverageLines(view: ClusterView, plan: FixPlan, name: NameOf, dialect: LineDialect): string[] {
  const all = plan.decisions.filter(({ code }) => COVERAGE.some(([one]) => one === code));
  if (all.length === 0) return [];
  const parts = COVERAGE.flatMap(([code, what]) => {
    const decisions = all.filter((decision) => decision.code === code);
    if (decisions.length === 0) return [];
    const covering = code === 'cover-moving' ? 'moving keys to' : 'with';
    const heading = `The ${wordingOf(dialect).following} uncovered slots have ${what}:`;
    return [heading, slotList(decisions, dialect), ...perSlot(decisions, (decision, slot) => [`>>> Covering slot ${slot} ${covering} ${name(decision.owner)}`])];
  });
  return ['>>> Fixing slots coverage...', ...(dialect === 'redis-trib.rb' ? uncoveredLines(view, all) : []), ...parts];
}

/** The whole plan as lines; empty when there is nothing to do. */
export function fixPlanLines(view: ClusterView, plan: FixPlan, dialect: LineDialect = 'redis-cli'): string[] {
  const name: NameOf = (id) => view.node(id)?.name ?? id;
  const of = (...codes: DecisionCode[]): Decision[] => plan.decisions.filter(({ code }) => codes.includes(code));
  return [
    ...perSlot(of('finish-move', 'undo-move', 'gather-open', 'close-open', 'close-replica', 'close-absent'), (decision, slot) => openSlotLines(decision, slot, name, dialect)),
    ...coverageLines(view, plan, name, dialect),
    ...perSlot(of('choose-owner', 'gather-stray'), (decision, slot) => ownerLines(decision, slot, name)),
    ...of('tell-owner').flatMap((decision) => [`>>> Telling all masters about slots ${slotList([decision], dialect)}`, why(decision)]),
  ];
}
