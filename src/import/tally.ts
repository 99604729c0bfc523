// Counts what an import has done, out of what the deliveries report. Not here: counting keys on the nodes (census.ts).
import type { Conflict, ImportStats, ImportTarget, Span } from './event.js';
import type { ImportSettings } from './options.js';
import type { Fate } from './relay.js';
import type { Route } from './routes.js';

export class Tally {
  private imported = 0;
  private equal = 0;
  private gone = 0;
  private relayed = 0;
  private readonly targets = new Map<string, number>();
  private readonly found = new Map<string, Conflict>();
  private readonly start = performance.now();

  constructor(private readonly settings: ImportSettings) {}

  get progress(): number {
    return this.imported + this.equal;
  }

  /** Keys of one database that stay where they are. */
  conflictsOf(database: number): number {
    return this.conflicts().filter((conflict) => conflict.database === database).length;
  }

  conflicts(): readonly Conflict[] {
    return [...this.found.values()];
  }

  delivered(route: Route, keys: readonly string[], count = keys.length): void {
    if (count === 0) return;
    this.imported += count;
    this.targets.set(route.name, (this.targets.get(route.name) ?? 0) + count);
    this.settings.emit({ kind: 'delivered', target: targetOf(route), keys });
  }

  /** What became of keys that went through us. `probed`: a copy that we made a moment ago to find the way. */
  carried(route: Route, database: number, fates: ReadonlyMap<string, Fate>, probed: ReadonlySet<string>): void {
    const moved: string[] = [];
    for (const [key, fate] of fates) {
      if (fate === 'moved' && !probed.has(key)) this.relayed++;
      if (fate === 'moved' || (fate === 'equal' && probed.has(key))) moved.push(key);
      else if (fate === 'equal') this.equal++;
      else if (fate === 'gone') this.gone++;
      else this.conflict({ database, key, target: targetOf(route) });
    }
    this.delivered(route, moved);
  }

  vanished(count: number): void {
    this.gone += Math.max(0, count);
  }

  stats(counts: { source: Span; cluster: Span }): ImportStats {
    const { imported, equal, gone, relayed } = this;
    return { imported, equal, gone, relayed, conflicts: this.conflicts(), targets: Object.fromEntries(this.targets), ms: Math.round(performance.now() - this.start), counts };
  }

  private conflict(conflict: Conflict): void {
    const id = `${conflict.database} ${conflict.key}`;
    if (this.found.has(id)) return; // met in an earlier pass
    this.found.set(id, conflict);
    this.settings.emit({ kind: 'conflict', ...conflict });
  }
}

export function targetOf(route: Route): ImportTarget {
  return { id: route.id, name: route.name };
}
