// Shows keys being imported: the predecessors' line a key when piped (cli.md 8.11), a progress line for a person. Counts only.
import type { ImportEvent, ImportStats, OnImportEvent } from '../import/event.js';
import type { Io } from './io.js';
import { formatCount } from './views/check-table.js';
import { wordingOf } from './views/dialect.js';

export interface ImportDisplay {
  readonly onEvent: OnImportEvent;
  done(stats: ImportStats): void;
  failed(): void;
}

/** A key as a terminal can show it. */
export function shownKey(key: string): string {
  return JSON.stringify(Buffer.from(key, 'latin1').toString('utf8'));
}

/** `source`: as `host:port`; `keys`: how many are expected. */
export async function showImporting(io: Io, source: string, keys: number, copy: boolean): Promise<ImportDisplay> {
  const plain = io.mode === 'plain';
  const progress = plain ? undefined : await io.progress(copy ? 'Copying keys' : 'Moving keys', { total: keys, unit: 'keys' });
  let done = 0;
  const latin1 = (text: string): void => io.write(Buffer.from(text, 'latin1')); // keys are bytes, and stay what they are
  const lines = (event: ImportEvent): void => {
    if (event.kind === 'databaseStarted' && event.pass === 1) io.out(`*** Importing ${event.keys} keys from DB ${event.database}`);
    if (event.kind === 'delivered') latin1(event.keys.map((key) => `Migrating ${key} to ${event.target.name}: OK\n`).join(''));
    if (event.kind === 'conflict') latin1(`Migrating ${event.key} to ${event.target.name}: ${wordingOf(io.lines).busyKey(source)}\n`);
  };
  return {
    onEvent(event) {
      if (plain) lines(event);
      if (event.kind === 'delivered') done += event.keys.length;
      progress?.update(Math.min(done, keys));
      if (event.kind === 'relay') io.note(`The source does not reach ${event.target.name} itself (${event.reason}): its keys go through this machine.`);
      if (event.kind === 'warning') io.note(`${io.errStyle.warn('warning:')} ${event.message}`);
    },
    done(stats) {
      const text = `${copy ? 'Copied' : 'Moved'} ${formatCount(stats.imported)} keys in ${(stats.ms / 1000).toFixed(1)} s`;
      if (plain) io.note(`${text}.`);
      else progress?.succeed(text);
    },
    failed: () => progress?.stop(),
  };
}
