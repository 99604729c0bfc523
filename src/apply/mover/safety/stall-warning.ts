// Warns when a source has not replied for long although requests are pending. One timer covers all requests, because MIGRATE is
// sent thousands of times per second. Not here: timeouts and the text of the warning (keys/migrate-channel.ts).
import { delay } from '../../node/delay.js';

/** Polls without a reply before the warning. A process resumed after Ctrl-Z counts one poll only. */
const POLLS = 8;

export class StallWarning {
  private underWay = 0;
  private quietPolls = 0;
  private told = false;
  private polling = false;
  private readonly over = new AbortController();

  /** `warn` is called once when no reply arrived for `afterMs`, and again only after another reply. */
  constructor(
    private readonly afterMs: number,
    private readonly warn: () => void,
  ) {}

  /** A request was sent; call `ended` when it is over. */
  started(): void {
    if (this.underWay++ === 0) this.quietPolls = 0;
    if (this.polling) return;
    this.polling = true;
    void this.poll().catch(() => undefined);
  }

  /** The reply has arrived, or the request was given up. */
  ended(answered: boolean): void {
    this.underWay--;
    this.quietPolls = 0;
    if (answered) this.told = false;
  }

  close(): void {
    this.over.abort();
  }

  private async poll(): Promise<void> {
    for (;;) {
      await delay(this.afterMs / POLLS, this.over.signal);
      if (this.underWay === 0 || ++this.quietPolls < POLLS || this.told) continue;
      this.told = true;
      this.warn();
    }
  }
}
