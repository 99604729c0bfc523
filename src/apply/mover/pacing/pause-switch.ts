// Pauses a move between slots: the caller's switch, and the point where workers wait. A paused worker has closed its slots, so
// no slot is open during a pause. Not here: signals (cli/program/signals.ts).

/** Pauses and resumes moves. May be called at any time, also before a move begins. */
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

  /** Resolves when not paused or when the signal fires; at once if either already holds. */
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

/** The point where the workers of one move wait during a pause. Detects when the last of them has stopped. */
export class PausePoint {
  private workers = 0;
  private pausedWorkers = 0;
  private told = false;

  /** `tell`: called with true when all workers are paused, with false when they resume. */
  constructor(
    private readonly pause: PauseSwitch | undefined,
    private readonly signal: AbortSignal | undefined,
    private readonly tell: (paused: boolean) => void,
  ) {}

  /** Runs a worker, which calls `pauseHere` wherever it can pause. */
  async run(work: () => Promise<void>): Promise<void> {
    this.workers++;
    try {
      await work();
    } finally {
      this.workers--;
      this.tellWhenAllPaused();
    }
  }

  /** Resolves at once, or after the pause. `finish` closes open slots before the pause. Rejects only as `finish`. */
  async pauseHere(finish: () => Promise<unknown>): Promise<void> {
    if (!this.wanted()) return;
    await finish();
    this.pausedWorkers++;
    this.tellWhenAllPaused();
    await this.pause?.over(this.signal);
    this.pausedWorkers--;
    if (this.told && this.signal?.aborted !== true) this.tell(false);
    this.told = false;
  }

  private wanted(): boolean {
    return this.pause?.paused === true && this.signal?.aborted !== true;
  }

  private tellWhenAllPaused(): void {
    if (this.told || this.workers === 0 || this.pausedWorkers < this.workers || !this.wanted()) return;
    this.told = true;
    this.tell(true);
  }
}
