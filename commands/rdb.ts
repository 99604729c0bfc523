// redis-trib rdb: what is in an RDB file or an append-only file, without a server. Reading and counting are in src/import/file
// and src/rdb.
import { resolve } from 'node:path';
import { wrongNumber } from '../src/cli/program/arguments.js';
import { defineCommand } from '../src/cli/program/define.js';
import { integer, text, usageError } from '../src/cli/options/options.js';
import { toBinary } from '../src/resp/reply.js';
import type { FileSummary } from '../src/import/file/summarise-file.js';
import { ExitCode } from '../src/errors.js';

/** Bytes from which reading takes long enough for a progress display. */
const LONG = 64 * 1024 * 1024;

export default defineCommand({
  args: {
    usage: 'FILE',
    parse(words: readonly string[]): { readonly file: string } {
      const [file, another] = words;
      if (file === undefined || another !== undefined) throw wrongNumber('FILE');
      if (file === '') throw usageError('the name of the file is empty');
      return { file };
    },
  },
  options: {
    top: integer('N', 'how many of the largest keys are listed', { min: 0, fallback: 10 }),
    match: text('PATTERN', 'count only keys that match this pattern, as in KEYS'),
    db: integer('N', 'count only keys of this database', { min: 0, fallback: undefined }),
  },
  description:
    'Reads RDB files of every version, of Redis and of Valkey, and append-only files; piece by piece, so that the file may be larger than memory. Shows keys by type, encoding, database and slot, expiries, and the largest keys. ' +
    'A damaged file is shown up to the damage; the exit code is 1, and the error names the byte.',
  examples: ['redis-trib rdb /var/lib/redis/dump.rdb', "redis-trib rdb dump.rdb --match 'session:*' --top 20", "redis-trib rdb dump.rdb --json | jq '.largest[0]'"],
  async run({ args, options }, { io, signal, cwd }): Promise<FileSummary> {
    const [{ openable }, { summariseFile }, { matchGlob }] = await Promise.all([import('../src/import/file/openable.js'), import('../src/import/file/summarise-file.js'), import('../src/resp/glob.js')]);
    const path = resolve(cwd, args.file);
    const size = await openable(path);
    const { match, db } = options;
    const pattern = match === undefined ? undefined : toBinary(match);
    const wanted = pattern === undefined && db === undefined ? undefined : (database: number, key: string): boolean => (db === undefined || database === db) && (pattern === undefined || matchGlob(pattern, key));
    const progress = size < LONG ? undefined : await io.progress('Reading', { total: size, unit: 'bytes' });
    try {
      const summary = await summariseFile(path, { largest: options.top, now: Date.now(), signal, onProgress: (bytes) => progress?.update(Math.min(bytes, size)), ...(wanted === undefined ? {} : { wanted }) });
      return { ...summary, path: args.file };
    } finally {
      progress?.stop();
    }
  },
  async render(summary, { io }) {
    const { damageText, rdbReport, unknownVersionText } = await import('../src/ui/views/rdb-lines.js');
    io.out(await rdbReport(io, summary));
    const unknown = unknownVersionText(summary);
    if (unknown !== undefined) io.warn(unknown);
    const { damage, truncatedAt } = summary.end;
    if (damage !== undefined) io.error(`${io.errStyle.bad('error:')} ${summary.path} is ${damageText(damage)}. The report covers only the part before it.`);
    if (truncatedAt !== undefined) io.error(`${io.errStyle.bad('error:')} ${summary.path} ends in the middle of a command, which begins at byte ${truncatedAt}. Servers with aof-load-truncated yes cut it off there.`);
  },
  async toJson(summary) {
    return (await import('../src/ui/views/rdb-lines.js')).rdbDocument(summary);
  },
  exitCode: ({ end }) => (end.damage === undefined && end.truncatedAt === undefined ? ExitCode.ok : ExitCode.failed),
});
