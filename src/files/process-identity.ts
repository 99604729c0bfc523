// Identifies processes: ids are reused, start times are not. Read-only.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Start time of the process in ticks since boot; undefined when there is no such process, or only a zombie. */
function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name in parentheses may contain blanks, so fields are counted after it; the state is the third field of all.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}/${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

/**
 * A text that is equal only for the same process; undefined when there is no process with this id, or the system does not
 * report start times.
 */
export function processStart(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (process.platform === 'linux') return linuxStart(pid);
  const listing = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } });
  const text = listing.status === 0 ? listing.stdout.trim() : '';
  return text === '' ? undefined : text;
}
