// Spreads replicas so that no host holds two nodes of a shard: redis-cli's score (cli.md 2.2 step 8) and a deterministic search
// that swaps the masters of two replicas. Pure; the same input always gives the same layout.

export interface Layout {
  /** Node id → host, for every node. */
  readonly hostOf: ReadonlyMap<string, string>;
  /** Replica id → master id. */
  readonly masterOf: ReadonlyMap<string, string>;
  readonly masters: readonly string[];
}

/** Members of each (host, shard) group; a shard is identified by its master. */
class Groups {
  private readonly counts = new Map<string, number>();

  constructor(private readonly layout: Layout) {
    for (const master of layout.masters) this.change(this.host(master), master, 1);
    for (const [replica, master] of layout.masterOf) this.change(this.host(replica), master, 1);
  }

  host(node: string): string {
    return this.layout.hostOf.get(node) ?? '';
  }

  change(host: string, master: string, by: number): void {
    const key = `${master} ${host}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + by);
  }

  /** Cost of one group: 10000 for each replica on its master's host, else the number of replicas that share the host. */
  cost(host: string, master: string): number {
    const members = this.counts.get(`${master} ${host}`) ?? 0;
    if (members < 2) return 0;
    return this.host(master) === host ? 10_000 * (members - 1) : members;
  }

  total(): number {
    let sum = 0;
    for (const key of this.counts.keys()) {
      const blank = key.indexOf(' ');
      sum += this.cost(key.slice(blank + 1), key.slice(0, blank));
    }
    return sum;
  }
}

/** 0 = perfect; ≥ 10000 = a replica on its master's host; between = replicas of one master share a host. */
export function antiAffinityScore(layout: Layout): number {
  return new Groups(layout).total();
}

/** A deterministic pseudo-random generator (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

class Search {
  readonly masterOf: Map<string, string>;
  private readonly groups: Groups;
  score: number;

  constructor(
    layout: Layout,
    private readonly replicas: readonly string[],
  ) {
    this.masterOf = new Map(layout.masterOf);
    this.groups = new Groups(layout);
    this.score = this.groups.total();
  }

  /** Replicas in a group with a cost above 0. */
  offenders(): string[] {
    return this.replicas.filter((replica) => this.groups.cost(this.groups.host(replica), this.master(replica)) > 0);
  }

  /** Swaps the masters of two replicas and returns the change of the score. */
  swap(a: string, b: string): number {
    const [hostA, hostB] = [this.groups.host(a), this.groups.host(b)];
    const [masterA, masterB] = [this.master(a), this.master(b)];
    if (masterA === masterB || hostA === hostB) return 0;
    const touched = (): number =>
      this.groups.cost(hostA, masterA) + this.groups.cost(hostB, masterB) + this.groups.cost(hostA, masterB) + this.groups.cost(hostB, masterA);
    const before = touched();
    this.groups.change(hostA, masterA, -1);
    this.groups.change(hostB, masterB, -1);
    this.groups.change(hostA, masterB, 1);
    this.groups.change(hostB, masterA, 1);
    this.masterOf.set(a, masterB);
    this.masterOf.set(b, masterA);
    const delta = touched() - before;
    this.score += delta;
    return delta;
  }

  private master(replica: string): string {
    return this.masterOf.get(replica) ?? '';
  }
}

/** Swaps as long as a single swap improves the score. */
function descend(search: Search, replicas: readonly string[]): void {
  for (let improved = true; improved && search.score > 0; ) {
    improved = false;
    for (const offender of search.offenders()) {
      for (const other of replicas) {
        if (other === offender) continue;
        const delta = search.swap(offender, other);
        if (delta < 0) improved = true;
        else if (delta > 0) search.swap(offender, other);
        if (delta < 0) break;
      }
    }
  }
}

/**
 * Swaps while that lowers the score, then tries random swaps and keeps those that do not raise it (as redis-cli), then swaps
 * as at first. At most 500 random swaps per node, fewer in clusters so large that each takes long. Returns replica → master,
 * never worse than the given layout.
 */
export function optimiseAntiAffinity(layout: Layout, nodeOrder: readonly string[]): Map<string, string> {
  const replicas = nodeOrder.filter((id) => layout.masterOf.has(id));
  const search = new Search(layout, replicas);
  descend(search, replicas);
  const random = generator(16_384);
  const rounds = Math.min(500 * nodeOrder.length, Math.ceil(4_000_000 / Math.max(1, nodeOrder.length)));
  for (let round = 0; round < rounds && search.score > 0 && replicas.length > 1; round++) {
    const offenders = search.offenders();
    const a = offenders[random(Math.max(1, offenders.length))];
    const b = replicas[random(replicas.length)];
    if (a === undefined) break;
    if (b === undefined || a === b) continue;
    if (search.swap(a, b) > 0) search.swap(a, b);
  }
  descend(search, replicas);
  return search.masterOf;
}
