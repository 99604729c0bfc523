// Permissions this user has given to files of other folders, stored by path and content, as direnv does: a changed file is
// asked about again. One small JSON file in the user's own folder. Not here: the questions (cli/).
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownershipFault } from './ownership.js';
import { homeOf, userFolder } from './user-folder.js';
import { replaceFile } from './whole-file.js';

type AllowanceEnvironment = Readonly<Record<string, string | undefined>>;

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function fingerprint(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

export class Allowances {
  private readonly path: string;

  constructor(private readonly env: AllowanceEnvironment) {
    this.path = join(userFolder(env), 'allowed.json');
  }

  /** Whether exactly this content at this path was permitted before. */
  has(path: string, content: string): boolean {
    return this.read().get(realPath(path)) === fingerprint(content);
  }

  /** Stores the permission. Returns whether that worked; without a home directory the user is asked again. */
  async add(path: string, content: string): Promise<boolean> {
    if (this.has(path, content)) return true;
    try {
      const folder = dirname(this.path);
      if (!existsSync(this.env['XDG_CONFIG_HOME'] || homeOf(this.env))) return false; // The home directory is not created.
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const entries = this.read().set(realPath(path), fingerprint(content));
      await replaceFile(this.path, `${JSON.stringify({ schema: 1, allowed: Object.fromEntries(entries) }, null, 2)}\n`);
      return true;
    } catch {
      return false;
    }
  }

  /** Empty when the file is not this user's own or is malformed. */
  private read(): Map<string, string> {
    if (ownershipFault(this.path, 'file') !== undefined) return new Map();
    try {
      const { allowed } = JSON.parse(readFileSync(this.path, 'utf8')) as { readonly allowed?: Readonly<Record<string, unknown>> };
      return new Map(Object.entries(allowed ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    } catch {
      return new Map();
    }
  }
}
