// Drafts: temporary files next to the ones they will replace. Their names are unpredictable and never opened if they exist, so
// no other user can place a link there. Leftovers of a killed run are removed by the next one.
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

export interface Draft {
  readonly path: string;
  readonly handle: FileHandle;
}

/** Only the owner may read and write a draft. */
const MODE = 0o600;

/** `.redis-trib.<host>.<process id>.<random>.part` */
const NAME = /^\.redis-trib\.([0-9a-f]{8})\.(\d+)\.[0-9a-f]{16}\.part$/;
/** Name of backup drafts in version 0.1. */
const FORMER_NAME = /^\.redis-trib-backup\.()(\d+)\..*\.part$/;
/** Milliseconds without change after which a draft counts as abandoned; a day for drafts of another host. */
const STALE_MS = 60_000;
const STALE_ELSEWHERE_MS = 86_400_000;

/** Hash of this host's name: folders may be shared, and a process id is valid on its host only. */
function thisHost(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

/** Opens a new draft in `folder`, private to this user. Throws the system's errors. */
export async function openDraft(folder: string): Promise<Draft> {
  const path = join(folder, `.redis-trib.${thisHost()}.${process.pid}.${randomBytes(8).toString('hex')}.part`);
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

/** Removes drafts of ended runs from the folder. Files that cannot be inspected or removed stay. */
export async function clearLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, host = '', pid = ''] = NAME.exec(name) ?? FORMER_NAME.exec(name) ?? [];
    if (pid === '') continue;
    const here = host === '' || host === thisHost();
    if (here && isAlive(Number(pid))) continue;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || !found.isFile() || Date.now() - found.mtimeMs <= (here ? STALE_MS : STALE_ELSEWHERE_MS)) continue;
    await rm(path, { force: true }).catch(() => undefined);
  }
}

/** A new name is durable only when its folder is flushed. Some systems cannot flush folders. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
