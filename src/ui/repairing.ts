// Shows a repair in progress: the predecessors' line for moved keys when piped, a progress line at a terminal, nothing while a
// question may follow. Only counts events.
import { counted } from './views/count.js';
import type { OnEvent } from '../apply/node/event.js';
import type { FixPlan } from '../plan/fix/step.js';
import type { Io } from './io.js';
import { movedSlotLine } from './views/reshard-lines.js';

export interface RepairDisplay {
  readonly onEvent: OnEvent;
  readonly stop: () => void;
}

/** Starts the display. `mayAsk`: questions about keys may follow, so nothing is redrawn. */
export async function showRepair(io: Io, plan: FixPlan, mayAsk: boolean): Promise<RepairDisplay> {
  const keys = plan.decisions.reduce((sum, { holders }) => sum + holders.reduce((held, one) => held + one.keys, 0), 0);
  const progress = io.mode === 'plain' || mayAsk || keys === 0 ? undefined : await io.progress('Moving keys', { total: keys, unit: 'keys' });
  let moved = 0;
  return {
    onEvent(event) {
      if (event.kind === 'warning') io.warn(`${event.message}`);
      if (event.kind !== 'batchMoved') return;
      moved += event.keys;
      if (io.mode === 'plain') io.out(movedSlotLine(event.slot, event.source.name, event.target.name, event.keys));
      else progress?.update(Math.min(moved, keys), `${counted(moved, 'key')}`);
    },
    stop: () => progress?.stop(),
  };
}
