// Ends the move of slots in an order that leaves no moment without an owner (cli 2.8 step 5), and nobody with a stale idea of
// one: the target takes the slots, the source hears of that on the bus, and only then from us.
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import { nodesText, unaware } from './late.js';
import type { MoverSettings } from './options.js';
import { quietWay } from './quiet-way.js';
import { awaitReplicas } from './replicas.js';
import { retrying } from './retry.js';
import { failOnRefusal, NO_MASTER_ANY_MORE, setSlots, takeTogether, tell, type TakingWays } from './set-slot.js';

/** Who is told of a slot's new owner. */
export interface Ends extends TakingWays {
  readonly source: NodeLink;
  readonly target: NodeLink;
  /** Masters that only need to know. */
  readonly others: readonly NodeLink[];
}

/** Milliseconds that an announcement may be on its way to the source before we say it ourselves, and between two looks; the first comes sooner. */
const PATIENCE_MS = 5000;
const FIRST_POLL_MS = 5;
const POLL_MS = 20;
/** Slots that may be ahead of what the source has heard: who stops wants to stop soon. */
const MOST_UNHEARD = 256;

/**
 * Gives emptied slots to the target. A 7.0 source that hears from us who owns a slot, before the new owner says so on the
 * bus, takes an older packet of that one, still on its way and without the slot, for "its owner doesn't claim it": a mark
 * that stays when the slot comes back to this node later, and by which any late packet of the other one takes the slot away
 * again, with its keys (cluster-node 3.4.2; seen on 7.0.15). So where the target announces what it takes, the source is
 * only told to forget that it was migrating, once it knows. That happens beside the moves that follow. The others are left
 * to the announcement (late.ts looks after them).
 */
export class Closing {
  /** Slots that the source has not heard of, with the time when the target took them. */
  private readonly unheard = new Map<number, number>();
  private listening: Promise<void> | undefined;
  /** Who has moved on too far. */
  private readonly waiting: (() => void)[] = [];
  private failure: { readonly slots: readonly number[]; readonly error: unknown } | undefined;

  /** `closed` is told of slots that both ends agree about. */
  constructor(
    private readonly settings: MoverSettings,
    private readonly ends: Ends,
    private readonly closed: (slots: readonly number[]) => void,
  ) {}

  /** Resolves when the target has them. Throws SETSLOT_REFUSED, REPLICAS_BEHIND, or the connection's error when nodes stay away. */
  async close(slots: readonly number[]): Promise<void> {
    const { settings, ends } = this;
    const { target, others, together, announces } = ends;
    await awaitReplicas(settings, target); // a target that fails right after it took them has left the keys with others
    failOnRefusal(together ? await takeTogether(settings, target, slots) : await setSlots(settings, target, slots, 'NODE', target.id), target);
    if (announces) return this.awaitHearing(slots);
    await this.tellSource(slots);
    await Promise.all(others.map((other) => tell(settings, other, slots, target.id)));
  }

  /** Resolves when the source knows of all; returns the slots that it could not be brought to give up, with the reason. */
  async settled(): Promise<{ readonly slots: readonly number[]; readonly error: unknown } | undefined> {
    while (this.listening !== undefined) await this.listening;
    return this.failure;
  }

  /**
   * Resolves when nothing of the target is on its way to the source (or after some patience): what the target takes next is
   * news to the source, and news takes away the mark (above) from all that the target owns. Without it, answers to pings and
   * third nodes may tell the source of slots before the announcement does, and what comes late then leaves marks for good.
   */
  async clearWay(): Promise<void> {
    const { settings, ends } = this;
    if (ends.announces) await quietWay(ends.target, ends.source, PATIENCE_MS, settings.signal);
  }

  private async awaitHearing(slots: readonly number[]): Promise<void> {
    for (const slot of slots) this.unheard.set(slot, Date.now());
    this.listening ??= this.listen();
    while (this.unheard.size > MOST_UNHEARD) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private async listen(): Promise<void> {
    try {
      for (let pause = FIRST_POLL_MS; this.unheard.size > 0; pause = Math.min(2 * pause, POLL_MS)) {
        await delay(pause);
        await this.tellSource(await this.heardOrOverdue());
      }
    } catch (error) {
      this.failure ??= { slots: [...this.unheard.keys()], error };
      this.unheard.clear();
      this.wake();
    }
    this.listening = undefined; // in the same breath as the look at what is left: nobody may come in between
  }

  private async heardOrOverdue(): Promise<number[]> {
    const { source, target } = this.ends;
    const asked = [...this.unheard];
    const owners = new Map(asked.map(([slot]) => [slot, target.id]));
    const account = await retrying(this.settings, source, () => nodesText(source));
    const missing = new Set(unaware(account, owners).get(target.id));
    const overdue = Date.now() - PATIENCE_MS;
    return asked.filter(([slot, since]) => !missing.has(slot) || since < overdue).map(([slot]) => slot);
  }

  private async tellSource(slots: readonly number[]): Promise<void> {
    if (slots.length === 0) return;
    const { source, target } = this.ends;
    const refused = await setSlots(this.settings, source, slots, 'NODE', target.id);
    for (const [slot, error] of refused) if (NO_MASTER_ANY_MORE.test(error.message)) refused.delete(slot);
    failOnRefusal(refused, source);
    for (const slot of slots) this.unheard.delete(slot);
    this.closed(slots);
    this.wake();
  }
}

/** Closes slots and waits until both ends agree. Throws as Closing.close. */
export async function closeSlots(settings: MoverSettings, slots: readonly number[], ends: Ends): Promise<void> {
  const closing = new Closing(settings, ends, () => undefined);
  await closing.close(slots);
  const failure = await closing.settled();
  if (failure !== undefined) throw failure.error;
}
