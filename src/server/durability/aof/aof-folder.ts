// Folder and names of the append-only files (persistence-replication.md 3.3); the manifest on disk.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EMPTY_MANIFEST, ManifestError, formatManifest, parseManifest } from '../../../aof/manifest.js';
import type { AofManifest, AofPart } from '../../../aof/manifest.js';
import { toPath } from '../../config/paths.js';
import type { Config } from '../../config/config.js';
import { replace, replaceNow, syncFolderNow } from '../../persistence/files/replace.js';
import { dataFileError } from '../data-file-error.js';

export class AofFolder {
  /**
   * Ends with the background work: manifests are written one after the other, in the order of the calls, and files are
   * removed.
   */
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly config: Config) {}

  /** `dir`. */
  get parent(): string {
    return toPath(this.config.text('dir'));
  }

  get path(): string {
    return join(this.parent, toPath(this.config.text('appenddirname')));
  }

  /** appendfilename, a binary string. */
  get stem(): string {
    return this.config.text('appendfilename');
  }

  /** The path of a file of the set. */
  of(name: string): string {
    return join(this.path, toPath(name));
  }

  get manifestPath(): string {
    return this.of(`${this.stem}.manifest`);
  }

  /** The temporary file that collects commands while the first base is written. */
  get temporaryIncrement(): string {
    return this.of(`temp-${this.stem}.incr`);
  }

  /**
   * True after a crash during the first rewrite, when AOF had just been switched on at run time: files of the set exist, but no
   * manifest, which is written last.
   */
  isFirstRewriteIncomplete(manifest: AofManifest | null): boolean {
    if (manifest !== null || !existsSync(this.path)) return false;
    const isPart = (name: string): boolean => name.startsWith(`${this.stem}.`) && /\.\d+\.(base\.(rdb|aof)|incr\.aof)$/.test(name);
    return existsSync(this.temporaryIncrement) || readdirSync(this.path, 'latin1').some(isPart);
  }

  baseName(seq: number, rdb: boolean): string {
    return `${this.stem}.${seq}.base.${rdb ? 'rdb' : 'aof'}`;
  }

  incrementName(seq: number): string {
    return `${this.stem}.${seq}.incr.aof`;
  }

  /** Makes the folder. Throws the system's error. */
  make(): void {
    if (!existsSync(this.path)) mkdirSync(this.path, 0o755);
  }

  /** The manifest on disk; null without one. Throws TribError. */
  read(): AofManifest | null {
    const path = this.manifestPath;
    if (!existsSync(path)) return null;
    try {
      return parseManifest(readFileSync(path, 'latin1'));
    } catch (error) {
      if (!(error instanceof ManifestError)) throw dataFileError('the AOF manifest', path, error, 'restore the manifest from a copy');
      const where = error.line > 0 ? ` at line ${error.line}: ${JSON.stringify(error.text.slice(0, 100))}` : '';
      throw dataFileError('the AOF manifest', path, new Error(`${error.message}${where}`), 'restore the manifest from a copy, or write one that names the base and the increments');
    }
  }

  private get temporaryManifest(): string {
    return `temp-${toPath(this.stem)}.manifest`;
  }

  writeNow(manifest: AofManifest): void {
    replaceNow(this.manifestPath, formatManifest(manifest), this.temporaryManifest);
  }

  write(manifest: AofManifest): Promise<void> {
    const written = this.writing.then(() => replace(this.manifestPath, formatManifest(manifest), this.temporaryManifest));
    this.writing = written.catch(() => undefined);
    return written;
  }

  /** Resolves when no manifest is being written and no file removed. */
  settled(): Promise<void> {
    return this.writing;
  }

  /** Bytes of a file of the set, 0 when it is not there. */
  sizeOf({ name }: AofPart): number {
    return statSync(this.of(name), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Removes files that are no longer needed, in the background: freeing the space of a large file takes long. */
  remove(parts: readonly AofPart[]): void {
    const removals = parts.map(({ name }) => rm(this.of(name), { force: true }).catch(() => undefined));
    this.writing = Promise.all([this.writing, ...removals]).then(() => undefined);
  }

  /**
   * Adopts the single file of an older server into the set (persistence-replication.md 3.3). Writes the manifest first, so that
   * the next start completes an upgrade that a crash interrupted. Returns the current manifest. Throws the system's errors.
   */
  upgrade(manifest: AofManifest | null): AofManifest | null {
    const old = join(this.parent, toPath(this.stem));
    if (!existsSync(old) || !statSync(old).isFile() || !this.needsUpgrade(manifest)) return manifest;
    this.make();
    const upgraded: AofManifest = { ...EMPTY_MANIFEST, base: { name: this.stem, seq: 1 }, baseSeq: 1 };
    this.writeNow(upgraded);
    renameSync(old, this.of(this.stem));
    syncFolderNow(this.path);
    syncFolderNow(this.parent);
    return upgraded;
  }

  private needsUpgrade(manifest: AofManifest | null): boolean {
    if (!existsSync(this.path) || manifest === null) return true;
    if (manifest.base === null && manifest.increments.length === 0) return true;
    return manifest.increments.length === 0 && manifest.base?.name === this.stem && !existsSync(this.of(this.stem));
  }
}
