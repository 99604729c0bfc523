// Totals of an import, counted from the deliveries' results. Not here: counting keys on the nodes (count-keys.ts).
import { kindFields, type Conflict, type ImportStats, type ImportTarget, type Span } from './event.js';
import type { ImportSettings } from './options.js';
import type { ReplacedMaster } from './replaced-masters.js';
import type { RelayResult } from './relay.js';
import type { ImportRoute } from './routes.js';

export class ImportTally {
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

  /** Number of conflicting keys of one database. */
  conflictsOf(database: number): number {
    return this.conflicts().filter((conflict) => conflict.database === database).length;
  }

  conflicts(): readonly Conflict[] {
    return [...this.found.values()];
  }

  delivered(route: ImportRoute, keys: readonly string[], count = keys.length): void {
    if (count === 0) return;
    this.imported += count;
    this.targets.set(route.name, (this.targets.get(route.name) ?? 0) + count);
    this.settings.emit({ kind: 'delivered', target: targetOf(route), keys });
  }

  /** Records the results of relayed keys. `probed`: keys that the probe has copied to the cluster. */
  relayedKeys(route: ImportRoute, database: number, results: ReadonlyMap<string, RelayResult>, probed: ReadonlySet<string>): void {
    const moved: string[] = [];
    const equal: string[] = [];
    for (const [key, result] of results) {
      if (result === 'moved' && !probed.has(key)) this.relayed++;
      if (result === 'moved' || (result === 'equal' && probed.has(key))) moved.push(key);
      else if (result === 'equal') equal.push(key);
      else if (result === 'gone') this.gone++;
      else this.conflict({ database, key, target: targetOf(route), ...kindFields(result) });
    }
    this.equal += equal.length;
    if (equal.length > 0) this.settings.emit({ kind: 'equal', target: targetOf(route), keys: equal });
    this.delivered(route, moved);
  }

  vanished(count: number): void {
    this.gone += Math.max(0, count);
  }

  /** Imported keys by the name of their master. */
  get byTarget(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.targets);
  }

  stats(counts: { source: Span; cluster: Span }, replaced: readonly ReplacedMaster[]): ImportStats {
    const { imported, equal, gone, relayed } = this;
    return { imported, equal, gone, relayed, conflicts: this.conflicts(), targets: this.byTarget, ms: Math.round(performance.now() - this.start), counts, replaced };
  }

  private conflict(conflict: Conflict): void {
    const id = `${conflict.database} ${conflict.key}`;
    if (this.found.has(id)) return; // Counted in an earlier pass.
    this.found.set(id, conflict);
    this.settings.emit({ kind: 'conflict', ...conflict });
  }
}

export function targetOf(route: ImportRoute): ImportTarget {
  return { id: route.id, name: route.name };
}
