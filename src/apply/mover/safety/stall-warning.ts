// Warns when a source has not replied for long although requests are pending. One timer covers all requests, because MIGRATE is
// sent thousands of times per second. Not here: timeouts and the text of the warning (keys/migrate-channel.ts).
import { delay } from '../../node/delay.js';

/** Polls without a reply before the warning. A process resumed after Ctrl-Z counts one poll only. */
const LOOKS = 8;

export class StallWarning {
  private underWay = 0;
  private quietLooks = 0;
  private told = false;
  private looking = false;
  private readonly over = new AbortController();

  /** `warn` is called once when no reply arrived for `afterMs`, and again only after another reply. */
  constructor(
    private readonly afterMs: number,
    private readonly warn: () => void,
  ) {}

  /** A request was sent; call `ended` when it is over. */
  started(): void {
    if (this.underWay++ === 0) this.quietLooks = 0;
    if (this.looking) return;
    this.looking = true;
    void this.look().catch(() => undefined);
  }

  /** The reply has arrived, or the request was given up. */
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
      this.warn();
    }
  }
}
