// Loads an append-only file into a cluster: the keys of its RDB part, then its commands, each to the master of its slot, in
// the order of the file for each slot. Commands are not sent twice, so a stopped load begins anew: `replace` deletes the keys
// of the file first.
import { counted } from '../../cluster/counted.js';
import type { Cluster } from '../../apply/open-cluster.js';
import type { ReplayCommand, ReplayItem } from '../../aof/replay.js';
import { keySlot } from '../../cluster/slots.js';
import { TribError } from '../../errors.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import { oneLine } from '../../resp/visible.js';
import { databasesOf } from '../count-keys.js';
import { ImportRoutes } from '../routes.js';
import { aofFiles } from './aof-set.js';
import { CommandPipeline, type PipelineUnit } from './command-pipeline.js';
import type { FileEntry } from './file-entry.js';
import { withPipelines, type RestorePipelines } from './import-rdb.js';
import { LaterCommands } from './later-commands.js';
import type { LoadOptions, LoadStats } from './load-options.js';
import type { LoadTally } from './load-tally.js';
import type { UnfinishedImport } from './aof-counts.js';
import { planAof, type AofPlan } from './plan-aof.js';
import { PostponedExpiries } from './postponed-expiries.js';
import { readAof } from './read-aof.js';

/** Milliseconds for setting postponed expiries after a load that stopped part-way. */
const SETTLE_MS = 10_000;
/** Names kept so that the same key is not asked about again and again. */
const MAX_NAMES = 100_000;
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

  /** Sends what was pushed; resolves when more can be pushed. Throws as CommandPipeline.untilWritable. */
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

  /** Waits for the commands in flight; sends no further ones. */
  async abandon(): Promise<void> {
    this.queue = [];
    await Promise.all([...this.pipelines.values()].map((pipeline) => pipeline.abandon()));
  }
}

class AofLoad {
  private readonly later = new LaterCommands();
  private readonly expiries = new PostponedExpiries(this.later);
  private readonly commands: CommandPipelines;
  private restoring = false;

  constructor(
    private readonly plan: AofPlan,
    private readonly cluster: Cluster,
    private readonly pipelines: RestorePipelines,
    private readonly tally: LoadTally,
    private readonly options: LoadOptions,
  ) {
    this.commands = new CommandPipelines(new ImportRoutes(cluster), options.timeoutMs ?? 60_000);
  }

  async run(): Promise<LoadStats['damage']> {
    try {
      return await this.load();
    } catch (error) {
      await this.settleStopped();
      throw error;
    }
  }

  private async load(): Promise<LoadStats['damage']> {
    await this.clearOrRefuse();
    const { plan, tally, options } = this;
    const end = await readAof(
      plan.files,
      {
        entry: (number, database, key, type, body, facts) => {
          if (!this.wanted(database, key) || !plan.counts(number, database, keySlot(key))) return;
          this.restore(number, this.into(database), { database, key, type, body, ...facts });
        },
        item: (number, item, file) => item.kind === 'unit' && this.carryOut(number, { ...item, commands: plan.counting(number, item) }, file),
        library: () => void tally.libraries++,
        piece: () => this.piece(),
      },
      (database, key) => this.wanted(database, key),
      options.signal,
    );
    await this.piece();
    await this.pipelines.finish(); // Also when no command followed the RDB part: keys must be there before their expiries are set.
    await this.commands.finish();
    tally.expired += await this.expiries.settle(this.commands);
    return end.damage;
  }

  /** After a load that stopped part-way: its keys get the expiries that the file has set so far. */
  private async settleStopped(): Promise<void> {
    const { expiries, pipelines, commands, cluster, options, tally } = this;
    if (expiries.size === 0) return;
    await Promise.all([pipelines.abandon(), commands.abandon()]);
    const routes = new ImportRoutes(cluster);
    await routes.refresh();
    // The error of the load is reported, not one of these commands: it often has the same cause.
    await expiries.settle(new CommandPipelines(routes, Math.min(options.timeoutMs ?? SETTLE_MS, SETTLE_MS)), Date.now() + SETTLE_MS).catch(() => undefined);
    tally.postponed = expiries.size;
  }

  private restore(number: number, into: number, entry: FileEntry): void {
    const { key } = entry;
    const expireAt = entry.expireAt === null ? null : this.expiries.ofEntry(into, key, number, entry.expireAt);
    if (expireAt === undefined) return void this.tally.expired++;
    this.restoring = true;
    this.pipelines.of(key, into).add({ ...entry, expireAt });
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

  private carryOut(number: number, item: Extract<ReplayItem, { kind: 'unit' }>, file: string): void {
    const into = this.into(item.database);
    const [first] = item.commands;
    if (first === undefined) return;
    const together = item.transaction && item.commands.length > 1 && item.commands.every(({ slot }) => slot === first.slot);
    const send = (commands: readonly ReplayCommand[], transaction: boolean): void => {
      const words = commands.map((command) => this.expiries.ofCommand(into, command, number, !item.transaction));
      this.commands.push(commands[0]!.keys[0]!, into, { commands: words, transaction, onReply: (command, reply) => this.replied(item, file, command, reply) });
    };
    if (together) send(item.commands, true);
    else for (const command of item.commands) send([command], false);
  }

  private replied({ database, offset }: { readonly database: number; readonly offset: number }, file: string, command: readonly string[], reply: unknown): void {
    if (!(reply instanceof ReplyError)) return void this.tally.commands++;
    const [name = '', key = ''] = command;
    this.tally.refuse({ database, key, command: name, reason: `${name} at byte ${offset} of ${file}: ${fromBinary(reply.message)}` });
  }

  /**
   * Looks for keys of the file in the cluster: with `replace` deletes them, otherwise throws KEYS_EXIST before the first
   * change.
   */
  private async clearOrRefuse(): Promise<void> {
    const { plan, options, commands } = this;
    const replace = options.replace === true;
    const there: string[] = [];
    const names = new Set<string>();
    const look = (database: number, key: string): void => {
      const into = this.into(database);
      const name = `${into} ${key}`;
      if (!this.wanted(database, key) || names.has(name)) return;
      if (names.size >= MAX_NAMES) names.clear();
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
        entry: (number, database, key) => plan.counts(number, database, keySlot(key)) && look(database, key),
        item: (number, item) => {
          if (item.kind !== 'unit') return;
          for (const { keys } of plan.counting(number, item)) {
            for (const key of keys) {
              this.later.touched(key, number);
              look(item.database, key);
            }
          }
        },
        piece: () => commands.drain(),
      },
      (database, key) => this.wanted(database, key),
      options.signal,
    );
    await commands.finish();
    if (there.length === 0) return;
    throw new TribError('KEYS_EXIST', `The cluster has ${counted(there.length, 'key')} of the file already: ${there.slice(0, SHOWN).map(shown).join(', ')}${there.length > SHOWN ? ', …' : ''}. Nothing was changed`, {
      hint: 'the commands of a file depend on each other, so its keys must not exist: --replace deletes them first, also after an interrupted import',
    });
  }
}

/** Throws TribError NOT_KEY_BY_KEY, with file and offset, for commands that a cluster cannot run. */
export function refuseProblems({ problems }: AofPlan): void {
  const [first] = problems;
  if (first === undefined) return;
  const { command, file, offset, reason, keys, unknown, hint } = first;
  const about = keys.length === 0 ? '' : ` (${keys.slice(0, SHOWN).map(shown).join(', ')})`;
  throw new TribError('NOT_KEY_BY_KEY', `${oneLine(command)} at byte ${offset} of ${file} cannot be carried out in a cluster: ${reason}${about}${problems.length > 1 ? `; and ${counted(problems.length - 1, 'more command')}` : ''}. Nothing was changed`, {
    hint: hint !== undefined ? hint : unknown ? 'check the file: redis-check-aof FILE; a command of a newer server or of a module needs such a server: load the file there (appendonly yes), then use import --from HOST:PORT' : 'load the file into a server without cluster mode (appendonly yes), then use import --from HOST:PORT',
  });
}

const unfinishedText = ({ slots, source, keys, commands, job }: UnfinishedImport): string =>
  `${keys + commands} keys and commands in slots ${slots.toString()} (import ${job}${source === undefined ? '' : ` from node ${source}`})`;

/** What is left out because the file does not say whether its node got the slots; undefined when nothing is. */
export function leftOutText({ unfinished }: AofPlan): string | undefined {
  const [first] = unfinished;
  if (first === undefined) return undefined;
  return `${unfinishedText(first)}${unfinished.length > 1 ? ` and of ${unfinished.length - 1} more imports` : ''}`;
}

/** Throws TribError UNFINISHED_IMPORT. */
export function refuseUnfinished(plan: AofPlan): void {
  const text = leftOutText(plan);
  if (text === undefined) return;
  throw new TribError('UNFINISHED_IMPORT', `The file does not say whether its node got slots that it was importing: ${text}. Nothing was changed`, {
    hint: 'run BGREWRITEAOF on the node when the import has ended (start it, if it is down), and import its new file; --allow-partial leaves these keys out: the file of the other node of the import has those that it owned',
  });
}

/**
 * Loads what `planAof` found. Throws TribError KEYS_EXIST before the first change; LoadIncomplete when part of the file is in
 * the cluster: a load with `replace` begins anew.
 */
export async function loadAof(plan: AofPlan, cluster: Cluster, options: LoadOptions = {}): Promise<LoadStats> {
  refuseProblems(plan);
  return withPipelines(cluster, options, { read: (pipelines, tally) => new AofLoad(plan, cluster, pipelines, tally, options).run(), repeatable: false, continuation: CONTINUATION });
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
  refuseUnfinished(plan);
  return loadAof(plan, cluster, { ...options, ...(matches === undefined ? {} : { wanted: (_, key) => matches(key) }) });
}
