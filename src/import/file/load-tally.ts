// Counts the results of loading the keys of a file. Ends the load at more conflicts or refusals than a person can look at.
import { TribError } from '../../errors.js';
import { kindFields, type Conflict, type ConflictKind } from '../event.js';
import { conflictText } from '../options.js';
import type { ImportRoute } from '../routes.js';
import { targetOf } from '../tally.js';
import type { LoadOptions, LoadStats, RefusedKey } from './load-options.js';

const MANY = 1000;

export class LoadTally {
  imported = 0;
  equal = 0;
  expired = 0;
  commands = 0;
  libraries = 0;
  /** After a load that stopped part-way: keys whose postponed expiries (postponed-expiries.ts) may not have been set. */
  postponed = 0;
  readonly conflicts: Conflict[] = [];
  readonly refused: RefusedKey[] = [];
  private readonly targets = new Map<string, number>();
  private readonly start = performance.now();

  constructor(private readonly options: LoadOptions) {}

  get handled(): number {
    return this.imported + this.commands + this.equal + this.expired + this.conflicts.length + this.refused.length;
  }

  delivered(route: ImportRoute, keys: number): void {
    this.imported += keys;
    this.targets.set(route.name, (this.targets.get(route.name) ?? 0) + keys);
  }

  progress(): void {
    this.options.onEvent?.({ kind: 'progress', keys: this.handled });
  }

  /** Throws TribError MANY_CONFLICTS. */
  conflict(route: ImportRoute, database: number, key: string, kind: ConflictKind): void {
    const conflict = { database, key, target: targetOf(route), ...kindFields(kind) };
    this.conflicts.push(conflict);
    this.options.onEvent?.({ kind: 'conflict', ...conflict });
    if (this.conflicts.length <= MANY) return;
    throw new TribError('MANY_CONFLICTS', `Stopped: more than ${MANY} keys exist in the cluster with other values or times to live, e.g. ${conflictText(this.conflicts, 3)}`, {
      hint: 'check that this is the right cluster and the right file; --replace overwrites the values of the cluster',
    });
  }

  /** Throws TribError MANY_REFUSED. */
  refuse(refused: RefusedKey): void {
    this.refused.push(refused);
    this.options.onEvent?.({ kind: 'refused', ...refused });
    if (this.refused.length <= MANY) return;
    throw new TribError('MANY_REFUSED', `Stopped: the cluster refused more than ${refusedWhat(this.refused, MANY)}, e.g. ${JSON.stringify(Buffer.from(refused.key, 'latin1').toString('utf8'))}: ${refused.reason}`, {
      hint: 'load the file into a cluster of servers at least as new as the one that wrote it',
    });
  }

  /** Imported keys by the name of their master. */
  get byTarget(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.targets);
  }

  stats(cluster: LoadStats['cluster'], damage: LoadStats['damage'], replaced: LoadStats['replaced']): LoadStats {
    const { imported, equal, expired, commands, libraries, conflicts, refused } = this;
    return { imported, equal, expired, commands, libraries, conflicts, refused, targets: this.byTarget, ms: Math.round(performance.now() - this.start), cluster, replaced, damage };
  }
}

/**
 * As `12 keys`, `12 commands on 3 keys`, or `1 key and 12 commands on 3 keys`. `limit`: number to show instead of that of all
 * together.
 */
export function refusedWhat(refused: readonly RefusedKey[], limit = refused.length): string {
  const commands = refused.filter(({ command }) => command !== undefined);
  const names = new Set(commands.map(({ database, key }) => `${database} ${key}`)).size;
  const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
  if (commands.length === 0) return counted(limit, 'key');
  const keys = refused.length - commands.length;
  return `${keys > 0 ? `${counted(Math.max(0, limit - commands.length), 'key')} and ` : ''}${counted(Math.min(limit, commands.length), 'command')} on ${counted(names, 'key')}`;
}

/** For keys that are sent again: what happened to each was counted the first time. */
export class SilentTally extends LoadTally {
  override conflict(): void {}

  override refuse(): void {}

  override progress(): void {}
}
