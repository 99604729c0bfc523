// Drafts: temporary files next to the ones they will replace. Their names are unpredictable and never opened if they exist, so
// no other user can place a link there. Leftovers of a killed run are removed by the next one.
import { createHash, randomBytes } from 'node:crypto';
import { constants, readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { processStart } from './process-identity.js';

export interface Draft {
  readonly path: string;
  readonly handle: FileHandle;
}

/** Only the owner may read and write a draft. */
const MODE = 0o600;

/** `.redis-trib.<place>.<process id>.<start of the process>.<random>.part` */
const NAME = /^\.redis-trib\.([0-9a-f]{8})\.(\d+)\.([0-9a-f]{8})\.[0-9a-f]{16}\.part$/;
/** Names of drafts of earlier versions: without the start of the process, and those of backups in version 0.1. */
const FORMER_NAMES = [/^\.redis-trib\.[0-9a-f]{8}\.(\d+)\.[0-9a-f]{16}\.part$/, /^\.redis-trib-backup\.(\d+)\..*\.part$/];
/**
 * Milliseconds without change after which a draft counts as abandoned where process ids do not tell; a day for drafts of
 * another place.
 */
const STALE_MS = 60_000;
const STALE_ELSEWHERE_MS = 86_400_000;

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

interface Place {
  /**
   * Folders may be shared: a process id is valid in one place only, i.e. until the next boot and inside its process namespace
   * (a container).
   */
  readonly hash: string;
  /** False where the system tells neither boot nor namespace: another host of the same name would have the same hash. */
  readonly certain: boolean;
}

function thisPlace(): Place {
  try {
    const [boot, namespace] = [readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(), readlinkSync('/proc/self/ns/pid')];
    return { hash: shortHash(`${hostname()} ${boot} ${namespace}`), certain: true };
  } catch {
    return { hash: shortHash(hostname()), certain: false };
  }
}

/** Hash of the start time of a process; zeros when there is no such process or the system does not tell. */
function startOf(pid: number): string {
  const start = processStart(pid);
  return start === undefined ? UNKNOWN_START : shortHash(start);
}

const UNKNOWN_START = '0'.repeat(8);

/** Opens a new draft in `folder`, private to this user. Throws the system's errors. */
export async function openDraft(folder: string): Promise<Draft> {
  const path = join(folder, `.redis-trib.${thisPlace().hash}.${process.pid}.${startOf(process.pid)}.${randomBytes(8).toString('hex')}.part`);
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, MODE);
  return { path, handle };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a file of this name is a draft. */
export function isDraftName(name: string): boolean {
  return [NAME, ...FORMER_NAMES].some((pattern) => pattern.test(name));
}

/** Milliseconds without change after which the draft may be removed; Infinity while its process may still write it. */
function removableAfter(name: string, place: Place): number {
  const [, hash, pid = '', start] = NAME.exec(name) ?? [];
  if (hash === undefined) {
    const [, former] = FORMER_NAMES.map((pattern) => pattern.exec(name)).find((match) => match !== null) ?? [];
    if (former === undefined || isAlive(Number(former))) return Infinity;
    return name.startsWith('.redis-trib-backup.') ? STALE_MS : STALE_ELSEWHERE_MS;
  }
  if (hash !== place.hash) return STALE_ELSEWHERE_MS;
  const writing = start === UNKNOWN_START ? isAlive(Number(pid)) : startOf(Number(pid)) === start;
  if (writing) return Infinity;
  return place.certain ? 0 : STALE_MS;
}

/**
 * Removes drafts of ended runs from the folder: at once when the process that wrote it is known to have ended. Process ids are
 * reused, so the start time of the process counts too. Files that cannot be inspected or removed stay.
 */
export async function clearLeftovers(folder: string): Promise<void> {
  const place = thisPlace();
  for (const name of await readdir(folder).catch(() => [])) {
    const after = removableAfter(name, place);
    if (after === Infinity) continue;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || !found.isFile() || (after > 0 && Date.now() - found.mtimeMs <= after)) continue;
    await rm(path, { force: true }).catch(() => undefined);
  }
}

/** A new name is durable only when its folder is flushed. Some systems cannot flush folders. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
