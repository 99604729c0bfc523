// CLUSTER SETSLOT for many slots in one write, repeated when the connection breaks (it may be said twice), and the
// closing order that leaves no moment without an owner (cli 2.8 step 5).
import { setSlotCommand } from '../../client/admin.js';
import type { SlotState } from '../../client/admin.js';
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';
import { mayPass, retrying } from './retry.js';

/** Sends one SETSLOT a slot; returns the slots refused for good. Throws when the node stays away or keeps refusing. */
export async function setSlots(
  settings: MoverSettings,
  link: NodeLink,
  slots: readonly number[],
  state: SlotState,
  nodeId: string,
): Promise<Map<number, ReplyError>> {
  return retrying(settings, link, async () => {
    const connection = await link.connection();
    const replies = await connection.pipeline(slots.map((slot) => setSlotCommand(slot, state, nodeId)));
    const refused = new Map<number, ReplyError>();
    replies.forEach((reply, index) => {
      if (!(reply instanceof ReplyError)) return;
      if (mayPass(reply)) throw reply;
      refused.set(slots[index] ?? -1, reply);
    });
    return refused;
  });
}

/** A master that gave its last slot away has become a replica and says so: all is as it should be. */
const NO_MASTER_ANY_MORE = /only with (masters|primaries)/i;

/**
 * Gives the emptied slots to the target: told first, as an owner must know before anybody points to it; then the
 * source; then the other masters, whose errors are only warnings, because gossip tells them too.
 */
export async function closeSlots(
  settings: MoverSettings,
  slots: readonly number[],
  source: NodeLink,
  target: NodeLink,
  others: readonly NodeLink[],
): Promise<void> {
  const refusedByTarget = await setSlots(settings, target, slots, 'NODE', target.id);
  failOnRefusal(refusedByTarget, target);
  const refusedBySource = await setSlots(settings, source, slots, 'NODE', target.id);
  for (const [slot, error] of refusedBySource) if (NO_MASTER_ANY_MORE.test(error.message)) refusedBySource.delete(slot);
  failOnRefusal(refusedBySource, source);
  await Promise.all(others.map((other) => tell(settings, other, slots, target.id)));
}

async function tell(settings: MoverSettings, other: NodeLink, slots: readonly number[], owner: string): Promise<void> {
  const impatient = { ...settings, retryMs: 500 };
  try {
    const refused = await setSlots(impatient, other, slots, 'NODE', owner);
    for (const [slot, error] of refused) {
      if (NO_MASTER_ANY_MORE.test(error.message)) continue;
      settings.emit({ kind: 'warning', code: 'NOT_TOLD', message: `${other.name} refused to be told of slot ${slot}: ${error.message}`, slot });
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    settings.emit({ kind: 'warning', code: 'NOT_TOLD', message: `${other.name} could not be told of ${slots.length} slots (gossip will): ${text}` });
  }
}

function failOnRefusal(refused: ReadonlyMap<number, ReplyError>, link: NodeLink): void {
  const [first] = refused;
  if (first === undefined) return;
  const [slot, error] = first;
  throw new TribError('SETSLOT_REFUSED', `Node ${link.name} refused slot ${slot}: ${error.message}`, { hint: 'look with check; fix completes or closes what is open', cause: error });
}
