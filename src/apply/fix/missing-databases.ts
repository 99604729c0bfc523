// Detects slots whose keys cannot all move because the target has fewer databases than the source uses. Checked before any
// change. Not here: moving keys (key-moves.ts).
import { TribError } from '../../errors.js';
import { eachSlot } from '../../plan/step.js';
import { countKeysInDatabase, databasesWithKeys } from '../node/slot-keys.js';
import type { FixRun } from './fix-run.js';

/**
 * Marks such slots as failed, so that no step touches them. Rejects with NO_DATABASE when the user may not select databases.
 */
export async function refuseMissingDatabases(run: FixRun): Promise<void> {
  for (const step of run.request.steps) {
    if (step.kind !== 'gather-keys' && step.kind !== 'finish-move') continue;
    const [source, target] = [run.link(step.source), run.link(step.target)];
    const beyond = (await databasesWithKeys(source)).filter((database) => database > 0);
    if (beyond.length === 0) continue;
    const count = await target.databaseCount();
    for (const database of beyond.filter((one) => one >= count)) {
      const slots = run.open(eachSlot(step.slots));
      const keys = await countKeysInDatabase(source, database, slots);
      const message = `${source.name} holds keys of it in database ${database}, and ${target.name} has ${count === 1 ? 'only one database' : `only ${count} databases`}`;
      const hint = `set cluster-databases of ${target.name} to that of ${source.name} (requires a restart), then run fix again`;
      run.fail(step.kind, slots.filter((_, index) => (keys[index] ?? 0) > 0), new TribError('MISSING_DATABASE', message, { hint }));
    }
  }
}
