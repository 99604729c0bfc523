// Shows the progress of an import: the predecessors' line per key when piped (cli.md 8.11), a progress line at a terminal. Only
// counts events.
import { counted } from './views/count.js';
import type { ImportEvent, ImportStats, OnImportEvent } from '../import/event.js';
import { oneLine } from '../resp/visible.js';
import type { Io } from './io.js';
import { wordingOf } from './views/dialect.js';

/** C0 and DEL; bytes from 0x80 on are parts of UTF-8. */
const CONTROL_BYTES = new RegExp('[\\u0000-\\u001f\\u007f]', 'g');

export interface ImportDisplay {
  readonly onEvent: OnImportEvent;
  done(stats: ImportStats): void;
  failed(): void;
}

/** A key as a terminal can show it. */
export function shownKey(key: string): string {
  return JSON.stringify(Buffer.from(key, 'latin1').toString('utf8'));
}

function keyOnLine(key: string): string {
  return key.replace(CONTROL_BYTES, oneLine);
}

/** `source`: as `host:port`; `keys`: the expected number. */
export async function showImporting(io: Io, source: string, keys: number, copy: boolean): Promise<ImportDisplay> {
  const plain = io.mode === 'plain';
  const progress = plain ? undefined : await io.progress(copy ? 'Copying keys' : 'Moving keys', { total: keys, unit: 'keys' });
  let done = 0;
  const latin1 = (text: string): void => io.write(Buffer.from(text, 'latin1')); // Key bytes are written unchanged, except control characters (keyOnLine).
  const lines = (event: ImportEvent): void => {
    if (event.kind === 'databaseStarted' && event.pass === 1) io.out(`*** Importing ${event.keys} keys from DB ${event.database}`);
    if (event.kind === 'delivered') latin1(event.keys.map((key) => `Migrating ${keyOnLine(key)} to ${event.target.name}: OK\n`).join(''));
    if (event.kind === 'conflict') latin1(`Migrating ${keyOnLine(event.key)} to ${event.target.name}: ${wordingOf(io.lines).busyKey(source)}\n`);
  };
  return {
    onEvent(event) {
      if (plain) lines(event);
      if (event.kind === 'delivered' || event.kind === 'equal') done += event.keys.length;
      if (event.kind === 'conflict') done++;
      progress?.update(Math.min(done, keys));
      if (event.kind === 'relay') io.note(`The source cannot reach ${event.target.name} (${event.reason}): its keys are sent through this host.`);
      if (event.kind === 'warning') io.warn(`${event.message}`);
    },
    done(stats) {
      const text = `${copy ? 'Copied' : 'Moved'} ${counted(stats.imported, 'key')} in ${(stats.ms / 1000).toFixed(1)} s`;
      if (plain) io.note(`${text}.`);
      else progress?.succeed(text);
    },
    failed: () => progress?.stop(),
  };
}
