// Notices that a source has kept silent for long although something was asked. One timer for all that is under way: MIGRATEs
// are sent by the thousand a second. Not here: how long one is waited for (lane.ts), what is said (lane.ts).
import { delay } from '../delay.js';

/** Looks in a silence that is told of. A process that was stopped (Ctrl-Z) finds itself one look later, not many. */
const LOOKS = 8;

export class SilenceWatch {
  private underWay = 0;
  private quietLooks = 0;
  private told = false;
  private looking = false;
  private readonly over = new AbortController();

  /** `tell` is called once when nothing was heard for `afterMs`, and again only after something was heard in between. */
  constructor(
    private readonly afterMs: number,
    private readonly tell: () => void,
  ) {}

  /** An answer is awaited; see `ended`. */
  begun(): void {
    if (this.underWay++ === 0) this.quietLooks = 0;
    if (this.looking) return;
    this.looking = true;
    void this.look().catch(() => undefined);
  }

  /** It has come, or nobody waits for it any more. */
  ended(answered: boolean): void {
    this.underWay--;
    this.quietLooks = 0;
    if (answered) this.told = false;
  }

  close(): void {
    this.over.abort();
  }

  private async look(): Promise<void> {
    for (;;) {
      await delay(this.afterMs / LOOKS, this.over.signal);
      if (this.underWay === 0 || ++this.quietLooks < LOOKS || this.told) continue;
      this.told = true;
      this.tell();
    }
  }
}
