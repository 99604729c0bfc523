// Backs a cluster up: the data of all masters in parallel, and nodes.json; complete or not at all. Each file is a
// snapshot of its own point in time, or, read with SCAN, of none. Not here: reading the data (rdb-stream.ts, rdb-by-scan.ts),
// storing it (staging.ts).
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '../../cluster/counted.js';
import { refuseSharedIds } from '../../cluster/shared-ids.js';
import { ConnectionLost, accessFailure } from '../../client/connection-errors.js';
import type { Connection } from '../../client/connection.js';
import { parseInfo } from '../../client/read-reply.js';
import { ExitCode, TribError } from '../../errors.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import type { CheckReport, OnlyCopy } from '../../cluster/findings.js';
import type { ClusterNode, UnreachableNode } from '../../cluster/view.js';
import type { Cluster } from '../open-cluster.js';
import type { NodeLink } from '../node/node-link.js';
import { onlyCopies } from '../cluster/replica-health.js';
import { mapBounded } from '../node/parallel.js';
import { MANIFEST, earlierFiles, nodesJson, rdbName } from './nodes-json.js';
import { databasesToScan, scanRdb } from './rdb-by-scan.js';
import { SyncRefused, readRdb } from './rdb-stream.js';
import { Staging } from './staging.js';
import { StrayTally, findStrayKeys, refuseStrayKeys, type StrayKeys } from './stray-keys.js';
import { refuseMovedSlots, refuseRunningJobs, slotState } from './unmoved-slots.js';

export type BackupEvent =
  | { readonly kind: 'started'; readonly node: ClusterNode; readonly file: string }
  /** `total`: undefined when the master streams the data while creating it. */
  | { readonly kind: 'received'; readonly node: ClusterNode; readonly bytes: number; readonly total: number | undefined }
  | { readonly kind: 'saved'; readonly node: ClusterNode; readonly bytes: number }
  | { readonly kind: 'warning'; readonly message: string };

export interface BackupOptions {
  /** 'sync' = as a replica, 'scan' = with SCAN, not a point-in-time snapshot; default: sync, or scan where a node refuses sync. */
  readonly via?: 'sync' | 'scan';
  /** Masters in parallel; default 4. */
  readonly concurrency?: number;
  /**
   * Continue when masters that own slots cannot be reached, or have lost keys that a replica has, or hold keys that a scan cannot
   * read; this data is missing then.
   */
  readonly allowPartial?: boolean;
  readonly onEvent?: (event: BackupEvent) => void;
  readonly signal?: AbortSignal;
}

export interface BackupFile {
  readonly node: string;
  readonly id: string;
  readonly file: string;
  readonly bytes: number;
  readonly via: 'sync' | 'scan';
}

export interface BackupResult {
  readonly files: readonly BackupFile[];
  readonly manifest: string;
  /** Masters whose data is not in the backup. */
  readonly missing: readonly UnreachableNode[];
  /** Replicas with keys that their empty masters, and so the backup, lack. */
  readonly onlyCopies: readonly OnlyCopy[];
  /** Keys that are missing because the scan could not read them. */
  readonly strays: readonly StrayKeys[];
}

/** Unreachable masters whose slots no other node owns. */
export function missingMasters(cluster: Cluster, report: CheckReport): UnreachableNode[] {
  return cluster.view.unreachable.filter((node) => node.role === 'master' && node.slots.intersection(report.uncovered).size > 0);
}

function refusePartial(missing: readonly UnreachableNode[]): void {
  if (missing.length === 0) return;
  throw new TribError('MASTER_UNREACHABLE', `The data of ${missing.map(({ name }) => name).join(', ')} would be missing: ${missing[0]?.reason ?? ''}`, {
    exitCode: ExitCode.unreachable,
    hint: 'start it again or promote a replica; --allow-partial saves the reachable masters',
  });
}

function refuseOnlyCopies(copies: readonly OnlyCopy[]): void {
  const [copy] = copies;
  if (copy === undefined) return;
  throw new TribError('ONLY_COPY', `${counted(copy.keys, 'key')} would be missing: only replica ${copy.node.name} holds ${copy.keys === 1 ? 'it' : 'them'}, its link is down, and its master ${copy.master.name} is empty`, {
    hint: `promote it first: redis-trib failover ${copy.node.name} --force; --allow-partial saves the masters as they are`,
  });
}

async function refuseTruncated(head: Buffer, tail: Buffer, name: string): Promise<void> {
  const magic = /^(REDIS\d{4}|VALKEY\d{3})/.test(head.toString('latin1', 0, 9));
  if (magic && tail.length >= 9 && tail[tail.length - 9] === 0xff) return;
  throw new TribError('NOT_AN_RDB', `Node ${name} sent data that is not a complete RDB file`, { hint: 'see its log; nothing was saved' });
}

/** Passes chunks on and checks that they begin and end as an RDB does. */
async function* checked(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  for await (const piece of pieces) {
    if (head.length < 9) head = Buffer.concat([head, piece.subarray(0, 9)]);
    tail = Buffer.concat([tail, piece.subarray(-9)]).subarray(-9);
    yield piece;
  }
  await refuseTruncated(head, tail, name);
}

/** The version of a Valkey server; undefined for other servers, and when INFO is refused. */
async function valkeyVersion(link: NodeLink): Promise<string | undefined> {
  const [info] = await (await link.connection()).pipeline([['INFO', 'server']]);
  return typeof info === 'string' ? parseInfo(info).get('valkey_version') : undefined;
}

class Saver {
  readonly strays = new StrayTally();

  constructor(
    private readonly cluster: Cluster,
    private readonly staging: Staging,
    private readonly options: BackupOptions,
    private readonly signal: AbortSignal,
  ) {}

  async save(node: ClusterNode): Promise<BackupFile> {
    const file = rdbName(node);
    const link = this.cluster.links.get(node.id);
    if (link === undefined) throw new TribError('NO_SUCH_NODE', `No such node ${node.id}`);
    this.emit({ kind: 'started', node, file: join(this.staging.dir, file) });
    const result = (bytes: number, via: BackupFile['via']): BackupFile => {
      this.emit({ kind: 'saved', node, bytes });
      return { node: node.name, id: node.id, file: join(this.staging.dir, file), bytes, via };
    };
    if (this.options.via !== 'scan') {
      try {
        return result(await this.bySync(node, link, file), 'sync');
      } catch (error) {
        if (!(error instanceof SyncRefused) || this.options.via === 'sync') throw error;
        this.emit({ kind: 'warning', message: `${error.message}. Reading its keys with SCAN instead: this file will not be a point-in-time snapshot` });
      }
    }
    return result(await this.byScan(node, link, file), 'scan');
  }

  private async bySync(node: ClusterNode, link: NodeLink, file: string): Promise<number> {
    let total: number | undefined;
    const { username: _user, password: _password, ...options } = this.cluster.options; // The node may have its own credentials.
    const version = await valkeyVersion(link);
    const pieces = readRdb(link.address, { ...options, ...link.credentials, ...(version === undefined ? {} : { version }), signal: this.signal }, (size) => (total = size));
    return this.staging.write(file, checked(pieces, node.name), (bytes) => this.emit({ kind: 'received', node, bytes, total }));
  }

  private async byScan(node: ClusterNode, link: NodeLink, file: string): Promise<number> {
    const connections = new Map<number, Connection>();
    const close = (): void => connections.forEach((connection) => connection.close());
    this.signal.addEventListener('abort', close, { once: true });
    try {
      connections.set(0, await link.dial());
      for (const index of await databasesToScan(await link.connection(), await link.databaseCount())) {
        if (index > 0) connections.set(index, await link.dial(index));
      }
      this.signal.throwIfAborted();
      const pieces = scanRdb(connections, (slot) => this.strays.add(node, slot));
      return await this.staging.write(file, checked(pieces, node.name), (bytes) => this.emit({ kind: 'received', node, bytes, total: undefined }));
    } finally {
      this.signal.removeEventListener('abort', close);
      close();
    }
  }

  private emit(event: BackupEvent): void {
    this.options.onEvent?.(event);
  }
}

/** The error of a master, with its name and what to do. */
function explain(node: ClusterNode, error: unknown): unknown {
  if (error instanceof ReplyError) {
    const hint = 'nothing new was saved; see its log, then run the same command again';
    return accessFailure(node.connectHost, node.connectPort, error) ?? new TribError(error.code, `Node ${node.name} refused: ${fromBinary(error.message)}`, { hint, cause: error });
  }
  if (!(error instanceof ConnectionLost) || error.hint !== undefined) return error;
  const hint = 'nothing new was saved; run the same command again when the node is back or a replica has been promoted (or with --allow-partial, without its data)';
  return new TribError(error.code, error.message, { exitCode: error.exitCode, hint, cause: error });
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text, 'utf8'));
}

/**
 * Writes the backup into `dir`; replaces an existing one when the new one is complete. Throws TribError MASTER_UNREACHABLE,
 * ONLY_COPY, STRAY_KEYS, NOT_WRITABLE, SYNC_REFUSED, JOB_RUNNING, SLOTS_MOVED, connection errors, ABORTED; then `dir` holds
 * nothing new.
 */
export async function backupCluster(cluster: Cluster, report: CheckReport, dir: string, options: BackupOptions = {}): Promise<BackupResult> {
  refuseSharedIds(cluster.view);
  const whole = options.allowPartial !== true;
  const missing = missingMasters(cluster, report);
  const copies = await onlyCopies(cluster);
  if (whole) refusePartial(missing);
  if (whole) refuseOnlyCopies(copies);
  const staging = await Staging.open(dir);
  const failure = new AbortController(); // The first master that fails stops the others.
  const signal = options.signal === undefined ? failure.signal : AbortSignal.any([options.signal, failure.signal]);
  const saver = new Saver(cluster, staging, options, signal);
  let first: unknown;
  const saveOne = async (node: ClusterNode): Promise<BackupFile> => {
    try {
      return await saver.save(node);
    } catch (error) {
      first ??= explain(node, error);
      failure.abort(error);
      throw error;
    }
  };
  try {
    await refuseRunningJobs(cluster);
    if (whole && options.via === 'scan') refuseStrayKeys(cluster.view, await findStrayKeys(cluster), true);
    const before = await slotState(cluster);
    const files = await settledAll(before.view.masters, options.concurrency ?? 4, saveOne);
    await refuseMovedSlots(cluster, before);
    const strays = saver.strays.list();
    if (whole) refuseStrayKeys(cluster.view, strays, options.via === 'scan');
    await staging.write(MANIFEST, once(nodesJson(before.view, report)));
    options.signal?.throwIfAborted();
    const earlier = await readFile(join(dir, MANIFEST), 'utf8').catch(() => '');
    await staging.commit(MANIFEST, earlierFiles(earlier));
    return { files, manifest: join(dir, MANIFEST), missing, onlyCopies: copies, strays };
  } catch (error) {
    throw first ?? error;
  } finally {
    await staging.discard();
  }
}

/** As mapBounded, but returns only when everything that was started has ended, so that no file grows afterwards. */
async function settledAll<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const running: Promise<unknown>[] = [];
  try {
    return await mapBounded(items, limit, (item) => {
      const piece = work(item);
      running.push(piece);
      return piece;
    });
  } finally {
    await Promise.allSettled(running);
  }
}
