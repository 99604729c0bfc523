// Sizes batches: what a key costs is learnt from the MIGRATEs that went before, and how much work may wait at a node at
// once is a budget in milliseconds shared by everybody who moves something away from it or to it. No I/O.

/** Keys, milliseconds and calls after which what was learnt has faded to a third. */
const MEMORY_KEYS = 4000;
const MEMORY_MS = 100;
const MEMORY_CALLS = 50;

/** Keys of a batch while nothing is known, and the least as long as they stay below the permitted stall. As many as redis-cli's. */
const FEW_KEYS = 10;

/** Learns the cost of a key between one pair of nodes and proposes batch sizes. */
export class Pace {
  /** Faded sums. Replies of calls that were waiting together arrive together, so only sums tell the truth. */
  private keys = 0;
  private ms = 0;

  constructor(
    private readonly limits: { readonly batchMs: () => number; readonly stallMs: number; readonly maxKeys: number },
  ) {}

  private get msPerKey(): number {
    return this.keys > 0 ? Math.max(this.ms / this.keys, 0.0005) : 0.05;
  }

  /** Keys for the next MIGRATE: few until costs are known, then as many as fit `batchMs`, a few at least if they fit `stallMs`. At least 1. */
  get batchKeys(): number {
    const { batchMs, stallMs, maxKeys } = this.limits;
    if (this.keys === 0) return Math.min(FEW_KEYS, maxKeys);
    const wanted = Math.floor(batchMs() / this.msPerKey);
    // Where the way between the nodes is what takes so long, fewer keys are not faster: they only cost more of it.
    const atLeast = Math.min(FEW_KEYS, Math.floor(stallMs / this.msPerKey));
    return Math.max(1, Math.min(maxKeys, Math.max(wanted, atLeast)));
  }

  /** So many keys may go together when none stay behind: a rest of less than half a batch is not worth a call of its own. */
  get offerKeys(): number {
    return Math.min(this.limits.maxKeys, Math.ceil(this.batchKeys * 1.5));
  }

  /** Expected milliseconds of a MIGRATE of `keys` keys. */
  estimateMs(keys: number): number {
    return 0.05 + keys * this.msPerKey;
  }

  /** After a MIGRATE: how long the source was busy with it since the reply before. */
  learnTime(keys: number, ms: number): void {
    const fade = Math.exp(-keys / MEMORY_KEYS - ms / MEMORY_MS - 1 / MEMORY_CALLS);
    this.keys = this.keys * fade + keys;
    this.ms = this.ms * fade + ms;
  }
}

/** What one node has to do for the mover at the moment, in estimated milliseconds. */
class NodeLoad {
  private ms = 0;
  /** Counted apart from the sum: sums of fractions don't come back to exactly zero. */
  private pieces = 0;

  /** One piece may always go, however large. */
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

/** Starts the next piece of a way if there is one and it has room; else adds the ends that it waits for. */
type Queue = (kept: NodeLoad[]) => boolean;

interface Waiting {
  readonly cost: number;
  readonly start: () => void;
}

/** One way between two nodes through the budget; pieces of work on it start first come, first served. */
export interface Way {
  /** Resolves when the work may be sent. */
  acquire(cost: number): Promise<void>;
  release(cost: number): void;
  /** The way there and back takes this long: twice as much work may be under way, so that the nodes need not wait. */
  allowForDistance(roundTripMs: number): void;
}

/**
 * Work queued at the nodes, in estimated milliseconds. A server runs commands that wait in its socket back to back, and
 * both ends of a MIGRATE stand still for it: what is in flight together at a node is what its clients may have to wait for.
 * Each way is admitted when both of its ends have room, so two sources don't crowd one target.
 */
export class StallBudget {
  private readonly loads = new Map<string, NodeLoad>();
  /** In the order of their turns: who got something goes to the end. */
  private readonly queues: Queue[] = [];

  /** `limitMs`: never more than this at one node. */
  constructor(private readonly limitMs: number) {}

  /** The way from one node to another, by their ids. `windowMs`: as much as may be under way, were it a short one. */
  way(source: string, target: string, windowMs: () => number): Way {
    const ends = [this.load(source), this.load(target)];
    const waiting: Waiting[] = [];
    let wayMs = 0;
    this.queues.push((kept) => {
      const next = waiting[0];
      if (next === undefined) return false;
      const window = Math.min(this.limitMs, windowMs() + 2 * wayMs);
      const full = ends.filter((end) => kept.includes(end) || !end.fits(next.cost, window));
      kept.push(...full);
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
        wayMs = Math.max(wayMs, roundTripMs);
      },
    };
  }

  private load(id: string): NodeLoad {
    const load = this.loads.get(id) ?? new NodeLoad();
    this.loads.set(id, load);
    return load;
  }

  /**
   * Ways take turns. Where the one whose turn it is finds no room, those behind it don't get in before it: small pieces
   * would always find some, and of two sources of one target the one with the dearer keys would stand still until the other is empty.
   */
  private admitAll(): void {
    const { queues } = this;
    const kept: NodeLoad[] = [];
    // One that goes to the end comes up again, behind the others.
    for (let at = 0; at < queues.length; ) {
      const queue = queues[at];
      if (queue?.(kept) === true) queues.push(...queues.splice(at, 1));
      else at++;
    }
  }
}
