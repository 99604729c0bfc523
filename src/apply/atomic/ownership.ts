// Whom the nodes themselves name as the owner of slots: a server's word that a migration is done is not enough, and of one that
// it has forgotten it is all there is.
import { parseNodesText } from '../../cluster/nodes-text.js';
import type { SlotSet } from '../../cluster/slot-set.js';
import { delay } from '../delay.js';
import { nodesText } from '../mover/late.js';
import type { MoverSettings } from '../mover/options.js';
import { retrying } from '../mover/retry.js';
import type { NodeLink } from '../node-link.js';
import { JobFailed } from './failure.js';
import type { JobEnds } from './job.js';

/** Whose slots, and how patiently to ask. */
interface Handover {
  readonly ends: JobEnds;
  readonly settings: MoverSettings;
}

/** Milliseconds between two looks, and what both nodes may take to name the new owner. */
const LOOK_MS = 20;
const PATIENCE_MS = 30_000;

/** Slots that a node ascribes to the target, and to the source. */
async function ascribed({ ends, settings }: Handover, witness: NodeLink, slots: SlotSet): Promise<{ readonly taken: number; readonly kept: number }> {
  const lines = parseNodesText(await retrying(settings, witness, () => nodesText(witness)));
  const of = (id: string): number => lines.find((line) => line.id === id)?.slots.intersection(slots).size ?? 0;
  return { taken: of(ends.target.id), kept: of(ends.source.id) };
}

/** Resolves when both nodes name the target as the owner of all slots. */
export async function changedHands(run: Handover, slots: SlotSet): Promise<void> {
  const { ends } = run;
  const deadline = Date.now() + PATIENCE_MS;
  for (const witness of [ends.target, ends.source]) {
    for (;;) {
      const { taken } = await ascribed(run, witness, slots);
      if (taken === slots.size) break;
      if (Date.now() > deadline) throw new JobFailed(ends, 'none', `it is said to be done, but ${witness.name} ascribes only ${taken} of ${slots.size} slots to ${ends.target.name}`, { hint: 'look with check' });
      await delay(LOOK_MS, run.settings.signal);
    }
  }
}

/** What has become of a job that the server forgot: who owns the slots now? Throws unless it is the target. */
export async function requireTaken(run: Handover, slots: SlotSet): Promise<undefined> {
  const { taken, kept } = await ascribed(run, run.ends.target, slots);
  if (taken === slots.size) return undefined;
  if (kept === slots.size) throw new JobFailed(run.ends, 'again', 'the servers have forgotten it, and nothing has moved');
  throw new JobFailed(run.ends, 'none', `the servers have forgotten it; ${taken} of its ${slots.size} slots are at the target, ${kept} at the source`, { hint: 'look with check' });
}

