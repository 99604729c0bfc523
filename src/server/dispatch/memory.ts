// How much memory the node uses against maxmemory, sampled, because asking the engine at every command costs too much.

export class MemoryGauge {
  private bytes = 0;
  private top = 0;
  private limit = 0;

  /** Bytes of heap and buffers in use at the last sample. */
  get used(): number {
    return this.bytes;
  }

  get peak(): number {
    return this.top;
  }

  /** Commands that grow the data are refused. */
  get full(): boolean {
    return this.limit > 0 && this.bytes > this.limit;
  }

  /** maxmemory in bytes, 0 for none. */
  setLimit(bytes: number): void {
    this.limit = bytes;
    this.sample();
  }

  /** Reads the engine's figures; the node's cron does it. */
  sample(): void {
    const { heapUsed, external } = process.memoryUsage();
    this.bytes = heapUsed + external;
    this.top = Math.max(this.top, this.bytes);
  }
}
