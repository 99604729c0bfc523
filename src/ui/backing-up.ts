// Shows the progress of a backup: the predecessors' line per node when piped (cli.md 8.13), bytes and nodes at a terminal.
import { counted } from './views/count.js';
import type { BackupEvent } from '../apply/backup/backup.js';
import type { Io } from './io.js';
import { formatBytes } from './bytes.js';

export interface BackupDisplay {
  onEvent(event: BackupEvent): void;
  done(): void;
  failed(): void;
}

export async function showBackup(io: Io, masters: number): Promise<BackupDisplay> {
  const plain = io.mode === 'plain';
  const progress = plain ? undefined : await io.progress('Saving masters', { total: masters, unit: 'nodes' });
  const received = new Map<string, number>();
  let saved = 0;
  const sum = (): number => [...received.values()].reduce((all, bytes) => all + bytes, 0);
  return {
    onEvent(event) {
      if (event.kind === 'warning') io.warn(`${event.message}`);
      if (plain && event.kind === 'started') io.out(`>>> Node ${event.node.name} -> Saving RDB...`);
      if (plain && event.kind === 'saved') io.note(`${event.node.name}: ${event.bytes} bytes, transfer finished with success.`);
      if (event.kind === 'received') received.set(event.node.id, event.bytes);
      if (event.kind === 'saved') saved++;
      progress?.update(saved, formatBytes(sum()));
    },
    done: () => progress?.succeed(`Saved ${counted(masters, 'master')}, ${formatBytes(sum())}`),
    failed: () => progress?.stop(),
  };
}
