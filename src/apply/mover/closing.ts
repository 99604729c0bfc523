// Ends the move of slots in an order that leaves no moment without an owner (cli 2.8 step 5), and nobody with a stale idea of
// one: the target takes the slots, the source hears of that on the bus, and only then from us.
import { asString, parseInfo } from '../../client/read-reply.js';
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import { type Contact, arrived, heardAnew, look, mayHaveCrossed } from './contact.js';
import { unaware } from './late.js';
import type { MoverSettings } from './options.js';
import { retrying } from './retry.js';
import { failOnRefusal, NO_MASTER_ANY_MORE, setSlots, takeTogether, tell, type TakingWays } from './set-slot.js';

/** Who is told of a slot's new owner. */
export interface Ends extends TakingWays {
  readonly source: NodeLink;
  readonly target: NodeLink;
  /** Masters that only need to know. */
  readonly others: readonly NodeLink[];
}

/** Milliseconds that an announcement may be on its way to the source before we say it ourselves, and between two looks. */
const PATIENCE_MS = 5000;
const POLL_MS = 20;
/** Slots that may be ahead of what the source has heard: who stops wants to stop soon. */
const MOST_UNHEARD = 96;

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
  /** The source's contact to the target, when it last told, and before the target took slots the last time. */
  private contact: Contact | undefined;
  private beforeLast: Contact | undefined;
  private failure: { readonly slots: readonly number[]; readonly error: unknown } | undefined;

  /** `closed` is told of slots that both ends agree about. */
  constructor(
    private readonly settings: MoverSettings,
    private readonly ends: Ends,
    private readonly closed: (slots: readonly number[]) => void,
  ) {}

  /** Resolves when the target has them. Throws SETSLOT_REFUSED, or the connection's error when nodes stay away. */
  async close(slots: readonly number[]): Promise<void> {
    const { settings, ends } = this;
    const { target, others, together, announces } = ends;
    if (announces && this.contact === undefined) await this.listenOnce();
    this.beforeLast = this.contact;
    failOnRefusal(together ? await takeTogether(settings, target, slots) : await setSlots(settings, target, slots, 'NODE', target.id), target);
    if (announces) return this.awaitHearing(slots);
    await this.tellSource(slots);
    await Promise.all(others.map((other) => tell(settings, other, slots, target.id)));
  }

  /** Resolves when the source knows of all; returns the slots that it could not be brought to give up, with the reason. */
  async settled(): Promise<{ readonly slots: readonly number[]; readonly error: unknown } | undefined> {
    while (this.listening !== undefined) await this.listening;
    if (this.failure === undefined) await this.outlastLatePackets();
    return this.failure;
  }

  /**
   * What the target said before it took slots may still come to the source: by the way of its announcements, if the source
   * heard otherwise, or as the answer to a ping, if there was one meanwhile. That sets the mark (above) once more, until a
   * later packet takes it away. So a move ends when all has arrived: what comes next may be to move the slots back.
   * 7.2 forgets the mark by itself.
   */
  private async outlastLatePackets(): Promise<void> {
    const { contact, beforeLast, settings } = this;
    if (contact === undefined || beforeLast === undefined) return;
    const { source, target } = this.ends;
    try {
      const info = parseInfo(asString(await (await source.connection()).command(['INFO', 'server'])));
      if (info.get('redis_version')?.startsWith('7.0.') !== true) return;
      const crossed = mayHaveCrossed(beforeLast, contact);
      const anew = (from: NodeLink, other: NodeLink): Promise<boolean> => heardAnew(from, other.id, PATIENCE_MS, settings.signal);
      const flushed = await arrived(target, source, PATIENCE_MS, settings.signal);
      if (crossed) await Promise.all([anew(source, target), flushed || anew(target, source)]);
    } catch {
      return; // stopped, or a node is gone: neither is a failure of a move that is complete
    }
  }

  private async listenOnce(): Promise<string> {
    const { source, target } = this.ends;
    return retrying(this.settings, source, async () => {
      const { text, contact } = await look(await source.connection(), target.id);
      this.contact = contact;
      return text;
    });
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
      while (this.unheard.size > 0) {
        await delay(POLL_MS);
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
    const { target } = this.ends;
    const asked = [...this.unheard];
    const owners = new Map(asked.map(([slot]) => [slot, target.id]));
    const missing = new Set(unaware(await this.listenOnce(), owners).get(target.id));
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
