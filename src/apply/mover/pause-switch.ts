// Lets a move rest between slots: a switch that whoever started the move holds, and the place where its workers wait. What
// rests has finished and closed its slots, so nothing is open meanwhile. Not here: signals (cli/signals.ts).

/** Pauses moves that it is given to, and lets them go on. May be thrown at any time, before they begin too. */
export class PauseSwitch {
  private waiting: (() => void)[] = [];
  private on = false;

  get paused(): boolean {
    return this.on;
  }

  pause(): void {
    this.on = true;
  }

  resume(): void {
    this.on = false;
    for (const goOn of this.waiting.splice(0)) goOn();
  }

  toggle(): void {
    if (this.on) this.resume();
    else this.pause();
  }

  /** Resolves when it is not paused, or when the signal fires; at once when that is so already. */
  async over(signal?: AbortSignal): Promise<void> {
    while (this.on && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          signal?.removeEventListener('abort', goOn);
          resolve();
        };
        this.waiting.push(goOn);
        signal?.addEventListener('abort', goOn, { once: true });
      });
    }
  }
}

/** Where the workers of one move rest. Knows when the last of them has come to rest. */
export class RestingPlace {
  private workers = 0;
  private resting = 0;
  private told = false;

  /** `tell`: all rest (true), or go on again (false). */
  constructor(
    private readonly pause: PauseSwitch | undefined,
    private readonly signal: AbortSignal | undefined,
    private readonly tell: (paused: boolean) => void,
  ) {}

  /** Runs a worker's work, which calls `rest` where it could stop for a while. */
  async employ(work: () => Promise<void>): Promise<void> {
    this.workers++;
    try {
      await work();
    } finally {
      this.workers--;
      this.tellWhenAllRest();
    }
  }

  /** Resolves at once, or after the pause. `finish`: leaves nothing behind before the rest begins. Never rejects if that doesn't. */
  async rest(finish: () => Promise<unknown>): Promise<void> {
    if (!this.wanted()) return;
    await finish();
    this.resting++;
    this.tellWhenAllRest();
    await this.pause?.over(this.signal);
    this.resting--;
    if (this.told && this.signal?.aborted !== true) this.tell(false);
    this.told = false;
  }

  private wanted(): boolean {
    return this.pause?.paused === true && this.signal?.aborted !== true;
  }

  private tellWhenAllRest(): void {
    if (this.told || this.workers === 0 || this.resting < this.workers || !this.wanted()) return;
    this.told = true;
    this.tell(true);
  }
}
