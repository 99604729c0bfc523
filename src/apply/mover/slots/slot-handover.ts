// Hands slots over so that every slot has an owner at all times (cli.md 2.8 step 5) and no node keeps a stale one: the target
// takes the slots, the source receives the announcement over the bus, and only then gets SETSLOT from this process.
import { delay } from '../../node/delay.js';
import type { NodeLink } from '../../node/node-link.js';
import { nodesText, unaware } from './propagate-ownership.js';
import type { MoverSettings } from '../pacing/options.js';
import { drainBusMessages } from './drain-bus-messages.js';
import { awaitReplicas } from './replicas.js';
import type { SourceWatch } from '../safety/other-mover.js';
import { retrying } from '../safety/retry.js';
import { failOnRefusal, NO_MASTER_ANY_MORE, setSlots, takeSlots, announceOwner, type TakeMethods } from './set-slot.js';

/** The nodes that must learn a slot's new owner. */
export interface SlotParties extends TakeMethods {
  readonly source: NodeLink;
  readonly target: NodeLink;
  /** Masters outside the move. */
  readonly others: readonly NodeLink[];
  /** SlotMethods.keepsNotClaimedFlag and .connectionCount of the source; when unknown, true and 1. */
  readonly keepsNotClaimedFlag?: boolean;
  readonly sourceConnections?: number;
  /**
   * Detects another program that moves slots of the source. Absent when this process only closes slots, because another program
   * may have opened them.
   */
  readonly watch?: SourceWatch;
}

/**
 * Milliseconds to wait for the announcement to reach the source before SETSLOT is sent, and between two polls; the first poll
 * is sooner.
 */
const PATIENCE_MS = 5000;
const FIRST_POLL_MS = 5;
const POLL_MS = 20;
/** Maximum slots whose new owner the source has not received yet. It bounds the delay of an abort. */
const MAX_UNCONFIRMED = 256;

/**
 * Gives emptied slots to the target.
 * Where the target announces what it takes, a source that keeps not-claimed flags gets SETSLOT only after it has received the
 * announcement. Reason: suppose a 7.0 source learns the new owner from SETSLOT first. An older packet of the target, without
 * the slot, then sets the slot's not-claimed flag (owner_not_claiming_slot). The flag stays when the slot returns to the
 * source, and any late packet of the target then takes the slot away with its keys (cluster-node.md 3.4.2; seen on 7.0.15).
 * This wait runs in parallel with the next moves.
 * Other sources get SETSLOT at once where the target takes slots one by one (Valkey 8: its announcements come later).
 * Other masters learn from the announcement (propagate-ownership.ts checks them).
 */
export class SlotHandover {
  /** Slots whose new owner the source has not yet received over the cluster bus, with the time when the target took them. */
  private readonly unconfirmed = new Map<number, number>();
  private listening: Promise<void> | undefined;
  /** Callers that wait until fewer slots are unconfirmed. */
  private readonly waiting: (() => void)[] = [];
  private failure: { readonly slots: readonly number[]; readonly error: unknown } | undefined;

  /** `closed` is called with slots whose owner both nodes agree about. */
  constructor(
    private readonly settings: MoverSettings,
    private readonly ends: SlotParties,
    private readonly closed: (slots: readonly number[]) => void,
  ) {}

  /**
   * Resolves when the target owns the slots. Throws SETSLOT_REFUSED, REPLICAS_BEHIND, OTHER_MOVER, FAILED_OVER before the target has taken a
   * slot, or the connection's error when nodes stay unreachable.
   */
  async close(slots: readonly number[]): Promise<void> {
    const { settings, ends } = this;
    const { target, others, together, announces, targetConnections, keepsNotClaimedFlag = true } = ends;
    await awaitReplicas(settings, target); // If the target fails right after it took the slots, replicas hold the keys.
    await this.requireSoleMover(slots);
    failOnRefusal(together ? await takeSlots(settings, target, slots) : await setSlots(settings, target, slots, 'NODE', target.id, targetConnections), target);
    if (announces && (keepsNotClaimedFlag || together)) return this.awaitAnnouncement(slots);
    await this.tellSource(slots);
    if (!announces) await Promise.all(others.map((other) => announceOwner(settings, other, slots, target.id)));
  }

  /** Nothing may be awaited between this check and the order to the target: another program may open a slot at any time. */
  private async requireSoleMover(slots: readonly number[]): Promise<void> {
    const { watch, source, target, others } = this.ends;
    if (watch === undefined) return;
    await retrying(this.settings, source, () => watch.require([target, ...others]));
    watch.release(slots);
  }

  /** Resolves when the source knows all new owners; returns the slots that it did not give up, with the reason. */
  async settled(): Promise<{ readonly slots: readonly number[]; readonly error: unknown } | undefined> {
    while (this.listening !== undefined) await this.listening;
    return this.failure;
  }

  /**
   * Resolves when no packet of the target is on its way to the source, or after PATIENCE_MS. Then the next slot that the target
   * takes is new to the source, and its announcement removes the not-claimed flags of all slots of the target. Without the
   * wait, pongs and gossip may inform the source about slots before the announcement, and late packets leave flags permanently.
   */
  async drainBeforeLastSlot(): Promise<void> {
    const { settings, ends } = this;
    if (ends.announces) await drainBusMessages(ends.target, ends.source, PATIENCE_MS, settings.signal);
  }

  private async awaitAnnouncement(slots: readonly number[]): Promise<void> {
    for (const slot of slots) this.unconfirmed.set(slot, Date.now());
    this.listening ??= this.listen();
    while (this.unconfirmed.size > MAX_UNCONFIRMED) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private async listen(): Promise<void> {
    try {
      for (let pause = FIRST_POLL_MS; this.unconfirmed.size > 0; pause = Math.min(2 * pause, POLL_MS)) {
        await delay(pause);
        await this.tellSource(await this.announcedOrOverdue());
      }
    } catch (error) {
      this.failure ??= { slots: [...this.unconfirmed.keys()], error };
      this.unconfirmed.clear();
      this.wake();
    }
    this.listening = undefined; // No await between the check of `unconfirmed` and this line: no caller may add slots in between.
  }

  private async announcedOrOverdue(): Promise<number[]> {
    const { source, target } = this.ends;
    const asked = [...this.unconfirmed];
    const owners = new Map(asked.map(([slot]) => [slot, target.id]));
    const account = await retrying(this.settings, source, () => nodesText(source));
    const missing = new Set(unaware(account, owners).get(target.id));
    const overdue = Date.now() - PATIENCE_MS;
    return asked.filter(([slot, since]) => !missing.has(slot) || since < overdue).map(([slot]) => slot);
  }

  private async tellSource(slots: readonly number[]): Promise<void> {
    if (slots.length === 0) return;
    const { source, target, sourceConnections } = this.ends;
    const refused = await setSlots(this.settings, source, slots, 'NODE', target.id, sourceConnections);
    for (const [slot, error] of refused) if (NO_MASTER_ANY_MORE.test(error.message)) refused.delete(slot);
    failOnRefusal(refused, source);
    for (const slot of slots) this.unconfirmed.delete(slot);
    this.closed(slots);
    this.wake();
  }
}

/** Closes slots and waits until both nodes agree. Throws as SlotHandover.close. */
export async function closeSlots(settings: MoverSettings, slots: readonly number[], ends: SlotParties): Promise<void> {
  const closing = new SlotHandover(settings, ends, () => undefined);
  await closing.close(slots);
  const failure = await closing.settled();
  if (failure !== undefined) throw failure.error;
}
