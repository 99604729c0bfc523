// Memory use of the node compared with maxmemory. Sampled, because reading it at every command is too slow.
import { getHeapStatistics } from 'node:v8';

export class MemoryGauge {
  private bytes = 0;
  private top = 0;
  private limit = 0;

  /** Bytes of heap and buffers at the last sample. */
  get used(): number {
    return this.bytes;
  }

  get peak(): number {
    return this.top;
  }

  /** Commands that increase memory are refused. */
  get full(): boolean {
    return this.limit > 0 && this.bytes > this.limit;
  }

  /** maxmemory in bytes, 0 for none. */
  setLimit(bytes: number): void {
    this.limit = bytes;
    this.sample();
  }

  /** Reads the engine's figures; called by the node's cron. */
  sample(): void {
    // Not process.memoryUsage(), which also reads the resident size from the system: milliseconds under load.
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    this.bytes = heap + external;
    this.top = Math.max(this.top, this.bytes);
  }
}
