// A binary heap of scheduled tasks, ordered by virtual time and then by order of scheduling.

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

export class EventQueue {
  private readonly heap: Entry[] = [];
  private serial = 0;
  now = 0;

  /** Schedules `run` for a moment that is not in the past. */
  at(time: number, run: () => void): void {
    const entry = { at: Math.max(time, this.now), order: this.serial++, run };
    const { heap } = this;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  /** Runs everything that is due up to `time`; the virtual time is `time` afterwards. */
  runUntil(time: number): void {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.at > time) break;
      this.pop();
      this.now = next.at;
      next.run();
    }
    this.now = time;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}
