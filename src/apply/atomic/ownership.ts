// Verifies the owner of slots by the nodes' CLUSTER NODES. A server's report of a finished job is not sufficient, and a job
// that the server no longer lists has no report.
import { parseNodesText } from '../../cluster/nodes-text.js';
import type { SlotSet } from '../../cluster/slot-set.js';
import { delay } from '../node/delay.js';
import { nodesText } from '../mover/slots/propagate-ownership.js';
import type { MoverSettings } from '../mover/pacing/options.js';
import { retrying } from '../mover/safety/retry.js';
import type { NodeLink } from '../node/node-link.js';
import { JobFailed } from './failure.js';
import type { JobEnds } from './job.js';

/** The slots' nodes, and the settings for retries. */
interface OwnershipCheck {
  readonly ends: JobEnds;
  readonly settings: MoverSettings;
}

/** Milliseconds between two polls, and the maximum until both nodes name the new owner. */
const FIRST_POLL_MS = 2;
const POLL_MS = 50;
const PATIENCE_MS = 30_000;

/** Slots that a node ascribes to the target, and to the source. */
async function ascribed({ ends, settings }: OwnershipCheck, witness: NodeLink, slots: SlotSet): Promise<{ readonly taken: number; readonly kept: number }> {
  const lines = parseNodesText(await retrying(settings, witness, () => nodesText(witness)));
  const of = (id: string): number => lines.find((line) => line.id === id)?.slots.intersection(slots).size ?? 0;
  return { taken: of(ends.target.id), kept: of(ends.source.id) };
}

/** Resolves when both nodes name the target as the owner of all slots. */
export async function awaitNewOwner(run: OwnershipCheck, slots: SlotSet): Promise<void> {
  const { ends } = run;
  const deadline = Date.now() + PATIENCE_MS;
  for (const witness of [ends.target, ends.source]) {
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, POLL_MS)) {
      const { taken } = await ascribed(run, witness, slots);
      if (taken === slots.size) break;
      if (Date.now() > deadline) throw new JobFailed(ends, 'none', `the server reports it as done, but ${witness.name} lists only ${taken} of ${slots.size} slots for ${ends.target.name}`, { hint: 'run redis-trib check' });
      await delay(pause, run.settings.signal);
    }
  }
}

/** Checks the owner after a job that the server no longer lists. Throws unless the target owns all slots. */
export async function requireTaken(run: OwnershipCheck, slots: SlotSet): Promise<undefined> {
  const { taken, kept } = await ascribed(run, run.ends.target, slots);
  if (taken === slots.size) return undefined;
  if (kept === slots.size) throw new JobFailed(run.ends, 'again', 'the servers no longer list the migration, and no slot has moved');
  throw new JobFailed(run.ends, 'none', `the servers no longer list the migration; ${taken} of its ${slots.size} slots belong to the target, ${kept} to the source`, { hint: 'run redis-trib check' });
}

