// Shows a repair under way: the predecessors' line for keys that moved when piped, a progress line for a person, nothing
// where a question may come up. Counts events only.
import type { OnEvent } from '../apply/event.js';
import type { FixPlan } from '../plan/fix/step.js';
import type { Io } from './io.js';
import { formatCount } from './views/check-table.js';
import { movedSlotLine } from './views/reshard-lines.js';

export interface RepairDisplay {
  readonly onEvent: OnEvent;
  readonly stop: () => void;
}

/** Starts the display. `mayAsk`: questions about keys may come, so nothing that redraws itself is shown. */
export async function showRepair(io: Io, plan: FixPlan, mayAsk: boolean): Promise<RepairDisplay> {
  const keys = plan.decisions.reduce((sum, { holders }) => sum + holders.reduce((held, one) => held + one.keys, 0), 0);
  const progress = io.mode === 'plain' || mayAsk || keys === 0 ? undefined : await io.progress('Moving keys', { total: keys, unit: 'keys' });
  let moved = 0;
  return {
    onEvent(event) {
      if (event.kind === 'warning') io.note(`${io.errStyle.warn('warning:')} ${event.message}`);
      if (event.kind !== 'batchMoved') return;
      moved += event.keys;
      if (io.mode === 'plain') io.out(movedSlotLine(event.slot, event.source.name, event.target.name, event.keys));
      else progress?.update(Math.min(moved, keys), `${formatCount(moved)} keys`);
    },
    stop: () => progress?.stop(),
  };
}
