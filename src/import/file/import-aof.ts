// Loads an append-only file into a cluster: the keys of its RDB part, then its commands, each to the master of its slot, in the order of
// the file for each slot. Commands are not sent twice, so a stopped load begins anew: `replace` deletes the keys of the file first.
import type { Cluster } from '../../apply/open-cluster.js';
import { POSTPONED_MS, postponed } from '../../aof/expiry-shift.js';
import type { ReplayCommand, ReplayItem } from '../../aof/replay.js';
import { TribError } from '../../errors.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import { oneLine } from '../../resp/visible.js';
import { databasesOf } from '../count-keys.js';
import { ImportRoutes } from '../routes.js';
import { aofFiles } from './aof-set.js';
import { CommandPipeline, type PipelineUnit } from './command-pipeline.js';
import { withPipelines, type RestorePipelines } from './import-rdb.js';
import type { LoadOptions, LoadStats } from './load-options.js';
import type { LoadTally } from './load-tally.js';
import { planAof, type AofPlan } from './plan-aof.js';
import { readAof } from './read-aof.js';

/** Expiries within this time from now are set at the end, because a load may take that long; ms. */
const SOON_MS = 3_600_000;
/** Names kept so that the same key is not asked about again and again. */
const MOST_NAMES = 100_000;
const SHOWN = 5;

const CONTINUATION = 'run the same command again with --replace: it deletes the keys of the file from the cluster and loads them again';

const shown = (key: string): string => JSON.stringify(fromBinary(key));

/** One pipeline of commands per master and database. */
class CommandPipelines {
  private readonly pipelines = new Map<string, CommandPipeline>();
  private queue: { readonly key: string; readonly into: number; readonly unit: PipelineUnit }[] = [];

  constructor(private readonly routes: ImportRoutes, private readonly timeoutMs: number) {}

  get waiting(): boolean {
    return this.queue.length > 0;
  }

  /** `key`: any key of the slot. */
  push(key: string, into: number, unit: PipelineUnit): void {
    this.queue.push({ key, into, unit });
  }

  /** Sends what was pushed; resolves when there is room for more. Throws as CommandPipeline.untilWritable. */
  async drain(): Promise<void> {
    const queue = this.queue;
    this.queue = [];
    for (const { key, into, unit } of queue) {
      const route = this.routes.of(key);
      const name = `${route.id} ${into}`;
      let pipeline = this.pipelines.get(name);
      if (pipeline === undefined) this.pipelines.set(name, (pipeline = new CommandPipeline(route, await this.routes.connection(route, into), this.timeoutMs)));
      pipeline.add(unit);
    }
    for (const pipeline of this.pipelines.values()) await pipeline.untilWritable();
  }

  async finish(): Promise<void> {
    await this.drain();
    await Promise.all([...this.pipelines.values()].map((pipeline) => pipeline.finish()));
  }
}

interface Postponed {
  readonly into: number;
  readonly key: string;
  readonly expireAt: number;
}

class AofLoad {
  private readonly postponed = new Map<string, Postponed>();
  private readonly horizon = Date.now() + SOON_MS;
  private restoring = false;

  constructor(
    private readonly plan: AofPlan,
    private readonly commands: CommandPipelines,
    private readonly pipelines: RestorePipelines,
    private readonly tally: LoadTally,
    private readonly options: LoadOptions,
  ) {}

  async run(): Promise<LoadStats['damage']> {
    await this.clearOrRefuse();
    const { plan, tally, options } = this;
    const end = await readAof(
      plan.files,
      {
        entry: (number, database, key, type, body, facts) => {
          if (!plan.counts(number, database) || !this.wanted(database, key)) return;
          const into = this.into(database);
          const expireAt = facts.expireAt !== null && facts.expireAt <= this.horizon ? this.postpone(into, key, facts.expireAt) : facts.expireAt;
          this.restoring = true;
          this.pipelines.of(key, into).add({ key, database, type, body, expireAt, idle: facts.idle, freq: facts.freq });
        },
        item: (number, item, file) => item.kind === 'unit' && plan.counts(number, item.database) && this.carryOut(item, file),
        library: () => void tally.libraries++,
        piece: () => this.piece(),
      },
      (database, key) => this.wanted(database, key),
      options.signal,
    );
    await this.piece();
    await this.commands.finish();
    await this.settleExpiries();
    return end.damage;
  }

  private wanted(database: number, key: string): boolean {
    return this.plan.databases.includes(database) && this.options.wanted?.(database, key) !== false;
  }

  private into(database: number): number {
    return this.plan.keepDatabases ? database : 0;
  }

  private async piece(): Promise<void> {
    if (!this.commands.waiting) return this.pipelines.untilWritable();
    if (this.restoring) await this.pipelines.finish(); // The commands change keys of the RDB part.
    this.restoring = false;
    await this.commands.drain();
    this.tally.progress();
  }

  private carryOut(item: Extract<ReplayItem, { kind: 'unit' }>, file: string): void {
    const into = this.into(item.database);
    const [first] = item.commands;
    const together = item.transaction && item.commands.length > 1 && item.commands.every(({ slot }) => slot === first?.slot);
    const send = (commands: readonly ReplayCommand[], transaction: boolean): void => {
      const words = commands.map((command) => this.shifted(into, command));
      this.commands.push(commands[0]!.keys[0]!, into, { commands: words, transaction, onReply: (command, reply) => this.replied(item, file, command, reply) });
    };
    if (together) send(item.commands, true);
    else for (const command of item.commands) send([command], false);
  }

  private replied({ database, offset }: { readonly database: number; readonly offset: number }, file: string, command: readonly string[], reply: unknown): void {
    this.tally.commands++;
    if (!(reply instanceof ReplyError)) return;
    this.tally.refuse({ database, key: command[1] ?? '', reason: `${command[0] ?? ''} at byte ${offset} of ${file}: ${fromBinary(reply.message)}` });
  }

  private postpone(into: number, key: string, expireAt: number): number {
    this.postponed.set(`${into} ${key}`, { into, key, expireAt });
    return Math.max(0, expireAt) + POSTPONED_MS;
  }

  private shifted(into: number, { words, keys }: ReplayCommand): readonly string[] {
    const later = postponed(words, this.horizon);
    if (later !== undefined) this.postpone(into, later.key, later.expireAt);
    const [from, to] = keys;
    const carried = to === undefined ? undefined : this.postponed.get(`${into} ${from ?? ''}`);
    if (carried !== undefined && to !== undefined && /^(rename|renamenx|copy)$/i.test(words[0]!)) this.postponed.set(`${into} ${to}`, { ...carried, key: to });
    return later?.words ?? words;
  }

  /** Looks for keys of the file in the cluster: with `replace` deletes them, otherwise throws KEYS_EXIST before the first change. */
  private async clearOrRefuse(): Promise<void> {
    const { plan, options, commands } = this;
    const replace = options.replace === true;
    const there: string[] = [];
    const names = new Set<string>();
    const look = (database: number, key: string): void => {
      const into = this.into(database);
      const name = `${into} ${key}`;
      if (!this.wanted(database, key) || names.has(name)) return;
      if (names.size >= MOST_NAMES) names.clear();
      names.add(name);
      commands.push(key, into, {
        commands: [[replace ? 'DEL' : 'EXISTS', key]],
        transaction: false,
        onReply: (_, reply) => {
          if (reply instanceof ReplyError) throw new TribError('IMPORT_REFUSED', `A node refused ${replace ? 'DEL' : 'EXISTS'}: ${fromBinary(reply.message)}`, { hint: 'check the rights of this user' });
          if (reply === 1 && !replace) there.push(key);
        },
      });
    };
    await readAof(
      plan.files,
      {
        entry: (number, database, key) => plan.counts(number, database) && look(database, key),
        item: (number, item) => {
          if (item.kind !== 'unit' || !plan.counts(number, item.database)) return;
          for (const { keys } of item.commands) for (const key of keys) look(item.database, key);
        },
        piece: () => commands.drain(),
      },
      (database, key) => this.wanted(database, key),
      options.signal,
    );
    await commands.finish();
    if (there.length === 0) return;
    throw new TribError('KEYS_EXIST', `The cluster has ${there.length} keys of the file already: ${there.slice(0, SHOWN).map(shown).join(', ')}${there.length > SHOWN ? ', …' : ''}. Nothing was changed`, {
      hint: 'the commands of a file depend on each other, so its keys must not exist: --replace deletes them first, also after an interrupted import',
    });
  }

  /** Sets the true expiries of keys whose postponed expiry no later command has changed. */
  private async settleExpiries(): Promise<void> {
    const { commands, tally } = this;
    const due: Postponed[] = [];
    for (const one of this.postponed.values()) {
      commands.push(one.key, one.into, { commands: [['PTTL', one.key]], transaction: false, onReply: (_, reply) => void (typeof reply === 'number' && reply > POSTPONED_MS / 2 && due.push(one)) });
    }
    await commands.finish();
    const now = Date.now();
    for (const { key, into, expireAt } of due) {
      if (expireAt <= now) tally.expired++;
      commands.push(key, into, { commands: [['PEXPIREAT', key, String(expireAt)]], transaction: false, onReply: () => undefined });
    }
    await commands.finish();
  }
}

/** Throws TribError NOT_KEY_BY_KEY, with file and offset, for commands that a cluster cannot run. */
export function refuseProblems({ problems }: AofPlan): void {
  const [first] = problems;
  if (first === undefined) return;
  const { command, file, offset, reason, keys, unknown } = first;
  const about = keys.length === 0 ? '' : ` (${keys.slice(0, SHOWN).map(shown).join(', ')})`;
  throw new TribError('NOT_KEY_BY_KEY', `${oneLine(command)} at byte ${offset} of ${file} cannot be carried out in a cluster: ${reason}${about}${problems.length > 1 ? `; and ${problems.length - 1} more commands` : ''}. Nothing was changed`, {
    hint: unknown ? 'check the file: redis-check-aof FILE; a command of a newer server or of a module needs such a server: load the file there (appendonly yes), then use import --from HOST:PORT' : 'load the file into a server without cluster mode (appendonly yes), then use import --from HOST:PORT',
  });
}

/**
 * Loads what `planAof` found. Throws TribError KEYS_EXIST before the first change; LoadIncomplete when part of the file is in the cluster:
 * a load with `replace` begins anew.
 */
export async function loadAof(plan: AofPlan, cluster: Cluster, options: LoadOptions = {}): Promise<LoadStats> {
  refuseProblems(plan);
  return withPipelines(cluster, options, (pipelines, tally) => new AofLoad(plan, new CommandPipelines(new ImportRoutes(cluster), options.timeoutMs ?? 60_000), pipelines, tally, options).run(), CONTINUATION);
}

/** Which keys and databases of a file `importAof` takes. */
export interface AofChoice {
  /** As in --db: a number, `all`, or undefined. */
  readonly db?: string;
  /** Which keys, by name; default all. */
  readonly matches?: (key: string) => boolean;
}

/** As loadAof, of a file, a manifest or a folder. Throws what finding and reading them throws, before the first key. */
export async function importAof(path: string, cluster: Cluster, options: Omit<LoadOptions, 'wanted' | 'keepDatabases'> & AofChoice = {}): Promise<LoadStats> {
  const { db, matches, signal } = options;
  const plan = await planAof(await aofFiles(path), cluster, {
    clusterDatabases: await databasesOf(cluster), now: Date.now(),
    ...(db === undefined ? {} : { db }),
    ...(matches === undefined ? {} : { matches }),
    ...(signal === undefined ? {} : { signal }),
  });
  return loadAof(plan, cluster, { ...options, ...(matches === undefined ? {} : { wanted: (_, key) => matches(key) }) });
}
