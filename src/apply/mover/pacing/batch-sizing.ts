// Sizes batches from the measured cost per key, and limits the work queued at each node by a budget in milliseconds shared by
// all pairs that the node takes part in. No I/O.

/** Keys, milliseconds and calls after which an old measurement weighs one third. */
const MEMORY_KEYS = 4000;
const MEMORY_MS = 100;
const MEMORY_CALLS = 50;

/**
 * Keys in a batch while the cost is unknown, and the minimum while a batch stays below the permitted stall. The same as
 * redis-cli's.
 */
const FEW_KEYS = 10;

/** Learns the cost per key between one pair of nodes and proposes batch sizes. */
export class BatchSizer {
  /** Exponentially decayed sums. Replies of pipelined calls arrive together, so only sums give a correct mean. */
  private keys = 0;
  private ms = 0;

  constructor(
    private readonly limits: { readonly batchMs: () => number; readonly stallMs: number; readonly maxKeys: number },
  ) {}

  private get msPerKey(): number {
    return this.keys > 0 ? Math.max(this.ms / this.keys, 0.0005) : 0.05;
  }

  /**
   * Keys of the next MIGRATE: FEW_KEYS until the cost is known, then as many as fit `batchMs`, but at least FEW_KEYS if those
   * fit `stallMs`. At least 1.
   */
  get batchKeys(): number {
    const { batchMs, stallMs, maxKeys } = this.limits;
    if (this.keys === 0) return Math.min(FEW_KEYS, maxKeys);
    const wanted = Math.floor(batchMs() / this.msPerKey);
    // When network latency dominates, smaller batches do not shorten the stall; they only add round trips.
    const atLeast = Math.min(FEW_KEYS, Math.floor(stallMs / this.msPerKey));
    return Math.max(1, Math.min(maxKeys, Math.max(wanted, atLeast)));
  }

  /** Maximum keys of a batch that empties the slot: less than half a batch left over is not worth another call. */
  get offerKeys(): number {
    return Math.min(this.limits.maxKeys, Math.ceil(this.batchKeys * 1.5));
  }

  /** Expected milliseconds of a MIGRATE of `keys` keys. */
  estimateMs(keys: number): number {
    return 0.05 + keys * this.msPerKey;
  }

  /** Records a MIGRATE: how long the source was busy with it since the previous reply. */
  learnTime(keys: number, ms: number): void {
    const fade = Math.exp(-keys / MEMORY_KEYS - ms / MEMORY_MS - 1 / MEMORY_CALLS);
    this.keys = this.keys * fade + keys;
    this.ms = this.ms * fade + ms;
  }
}

/** Work queued at one node for the mover, in estimated milliseconds. */
class NodeLoad {
  private ms = 0;
  /** A count besides the sum, because sums of fractions do not return to exactly zero. */
  private pieces = 0;

  /** One piece of work is always admitted, whatever its cost. */
  fits(cost: number, windowMs: number): boolean {
    return this.pieces === 0 || this.ms + cost <= windowMs;
  }

  add(cost: number): void {
    this.pieces++;
    this.ms += cost;
  }

  remove(cost: number): void {
    this.pieces--;
    this.ms = this.pieces === 0 ? 0 : this.ms - cost;
  }
}

/** Starts the next piece of a queue if both nodes have budget; else adds the nodes without budget to `reserved`. */
type Queue = (reserved: NodeLoad[]) => boolean;

interface QueuedWork {
  readonly cost: number;
  readonly start: () => void;
}

/** The work between two nodes within the budget. Pieces start in the order of acquire(). */
export interface StallWindow {
  /** Resolves when the work may be sent. */
  acquire(cost: number): Promise<void>;
  release(cost: number): void;
  /** Raises the window by twice the round trip, so that the nodes do not idle. */
  allowForDistance(roundTripMs: number): void;
}

/**
 * Work queued at the nodes, in estimated milliseconds. A server runs pipelined commands back to back, and MIGRATE blocks both
 * nodes. So the work in flight at a node is the time its clients may have to wait. A piece is admitted when both its nodes have
 * budget, so two sources cannot overload one target.
 */
export class StallBudget {
  private readonly loads = new Map<string, NodeLoad>();
  /** Served in round-robin order: a served queue moves to the back. */
  private readonly queues: Queue[] = [];

  /** `limitMs`: maximum work queued at one node. */
  constructor(private readonly limitMs: number) {}

  /** The window between two nodes given by id. `windowMs`: permitted work in flight, without allowance for the round trip. */
  windowBetween(source: string, target: string, windowMs: () => number): StallWindow {
    const ends = [this.load(source), this.load(target)];
    const waiting: QueuedWork[] = [];
    let longestRoundTripMs = 0;
    this.queues.push((reserved) => {
      const next = waiting[0];
      if (next === undefined) return false;
      const window = Math.min(this.limitMs, windowMs() + 2 * longestRoundTripMs);
      const full = ends.filter((end) => reserved.includes(end) || !end.fits(next.cost, window));
      reserved.push(...full);
      if (full.length > 0) return false;
      waiting.shift();
      for (const end of ends) end.add(next.cost);
      next.start();
      return true;
    });
    return {
      acquire: (cost) =>
        new Promise((start) => {
          waiting.push({ cost, start });
          this.admitAll();
        }),
      release: (cost) => {
        for (const end of ends) end.remove(cost);
        this.admitAll();
      },
      allowForDistance: (roundTripMs) => {
        longestRoundTripMs = Math.max(longestRoundTripMs, roundTripMs);
      },
    };
  }

  private load(id: string): NodeLoad {
    const load = this.loads.get(id) ?? new NodeLoad();
    this.loads.set(id, load);
    return load;
  }

  /**
   * Admits work in round-robin order. A node without budget for the first queue that needs it is reserved for that queue.
   * Otherwise small pieces would always fit, and a source with expensive keys would starve.
   */
  private admitAll(): void {
    const { queues } = this;
    const reserved: NodeLoad[] = [];
    // A served queue moves to the back and is tried again.
    for (let at = 0; at < queues.length; ) {
      const queue = queues[at];
      if (queue?.(reserved) === true) queues.push(...queues.splice(at, 1));
      else at++;
    }
  }
}
