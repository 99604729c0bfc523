// Builds the steps from the repairs of single slots: equal commands to one node together, in the order that keeps every key
// (reasons in step.ts). Pure.
import type { SlotRange } from '../../cluster/slot-set.js';
import { toRanges } from '../../cluster/slot-set.js';
import type { ClusterView } from '../../cluster/view.js';
import type { SlotRepair } from './repair.js';
import type { Decision, FixStep } from './step.js';

type Made = (slots: readonly SlotRange[]) => FixStep;

/** Collects slots by command. */
class SlotsByCommand {
  private readonly byKey = new Map<string, { readonly make: Made; readonly slots: number[] }>();

  add(slot: number, key: readonly (string | null | boolean)[], make: Made): void {
    const text = key.join(' ');
    const known = this.byKey.get(text);
    if (known === undefined) this.byKey.set(text, { make, slots: [slot] });
    else known.slots.push(slot);
  }

  steps(): FixStep[] {
    return [...this.byKey.values()].map(({ make, slots }) => make(toRanges(slots)));
  }
}

function yieldSteps(repairs: readonly SlotRepair[]): FixStep[] {
  const commands = new SlotsByCommand();
  for (const { slot, gather, disown, owner } of repairs) {
    for (const node of new Set([...disown, ...gather.map((holder) => holder.node)])) {
      const gives = disown.some((one) => one.id === node.id);
      commands.add(slot, [node.id, owner.id, gives], (slots) => ({ kind: 'yield-slots', node: node.id, owner: owner.id, disown: gives, slots }));
    }
  }
  return commands.steps();
}

function perSlot(repairs: readonly SlotRepair[], add: (repair: SlotRepair, commands: SlotsByCommand) => void): FixStep[] {
  const commands = new SlotsByCommand();
  for (const repair of repairs) add(repair, commands);
  return commands.steps();
}

/**
 * Slots whose owner is not known to every master. A node that imports a slot does not learn its new owner by gossip
 * (cluster-node.md 3.4.2): after a failover of the source it still lists the failed one, reports a failed cluster, and
 * redirects no key, until it gets SETSLOT.
 */
function tellOwnerSteps(view: ClusterView, repairs: readonly SlotRepair[]): FixStep[] {
  const listed = new Map(view.masters.map((master) => [master.id, new Map(master.lines.map((line) => [line.id, line.slots]))]));
  return perSlot(repairs, ({ slot, claim, owner, source }, commands) => {
    const present = source ?? owner;
    const unknown = view.masters.some((master) => master.id !== present.id && listed.get(master.id)?.get(present.id)?.has(slot) !== true);
    if (claim || unknown) commands.add(slot, [present.id], (slots) => ({ kind: 'tell-owner', owner: present.id, slots }));
  });
}

/** The steps of the repairs, and of the decisions that do not concern single slots (tell-owner, close-replica). */
export function fixSteps(view: ClusterView, repairs: readonly SlotRepair[], decisions: readonly Decision[]): FixStep[] {
  const claimed = repairs.filter(({ claim }) => claim);
  return [
    ...yieldSteps(repairs),
    ...perSlot(claimed, ({ slot, owner }, commands) => commands.add(slot, [owner.id], (slots) => ({ kind: 'claim-slots', node: owner.id, slots }))),
    ...tellOwnerSteps(view, repairs),
    ...decisions.flatMap((one): FixStep[] => (one.code === 'tell-owner' ? [{ kind: 'tell-owner', owner: one.owner, slots: one.slots }] : [])),
    ...perSlot(repairs, ({ slot, close, claim, owner }, commands) => {
      for (const node of close) if (!(claim && node.id === owner.id)) commands.add(slot, [node.id], (slots) => ({ kind: 'close-slots', node: node.id, slots }));
    }),
    ...decisions.flatMap((one): FixStep[] => (one.code === 'close-replica' && one.source !== null ? [{ kind: 'close-slots', node: one.source, slots: one.slots }] : [])),
    ...perSlot(repairs, ({ slot, owner, source, gather }, commands) => {
      const importing = source?.id ?? null;
      for (const { node } of gather) commands.add(slot, [node.id, owner.id, importing], (slots) => ({ kind: 'gather-keys', source: node.id, target: owner.id, importing, slots }));
    }),
    ...perSlot(repairs, ({ slot, owner, source }, commands) => {
      if (source !== undefined) commands.add(slot, [source.id, owner.id], (slots) => ({ kind: 'finish-move', source: source.id, target: owner.id, slots }));
    }),
  ];
}
