// INFO persistence, in Redis's order.
import type { NodeServices } from '../exec/context.js';
import type { Snapshots } from '../persistence/snapshot/snapshot-run.js';
import type { AofLog } from './aof/aof-log.js';
import type { AppendOnly } from './aof/append-only.js';
import type { RdbSaves } from './rdb-saves.js';

type Field = readonly [name: string, value: string | number];

/** Sources of the fields. */
export interface PersistenceState {
  readonly snapshots: Snapshots;
  readonly saves: RdbSaves;
  readonly aof: AppendOnly;
  readonly aofLog: AofLog;
  /** Number of keys loaded and expired in the last load. */
  readonly keysLoaded: number;
  readonly keysExpired: number;
}

export function persistenceFields(node: NodeServices, files: PersistenceState): Field[] {
  const { saves, aof, aofLog, snapshots } = files;
  const running = snapshots.running?.snapshot;
  return [
    ['loading', node.guard.loading === null ? 0 : 1],
    ['async_loading', 0],
    ['current_cow_peak', running?.extraMemory ?? 0],
    ['current_cow_size', running?.extraMemory ?? 0],
    // The size above is always current: no child process reports it from time to time.
    ['current_cow_size_age', 0],
    ['current_fork_perc', running === undefined ? '0.00' : ((running.written / Math.max(1, running.total)) * 100).toFixed(2)],
    ['current_save_keys_processed', running?.written ?? 0],
    ['current_save_keys_total', running?.total ?? 0],
    ['rdb_changes_since_last_save', node.keyspace.dirty],
    ['rdb_bgsave_in_progress', saves.inProgress ? 1 : 0],
    ['rdb_last_save_time', saves.lastSave],
    ['rdb_last_bgsave_status', saves.lastStatus],
    ['rdb_last_bgsave_time_sec', saves.lastSeconds],
    ['rdb_current_bgsave_time_sec', saves.currentSeconds],
    ['rdb_saves', saves.count],
    ['rdb_last_cow_size', saves.lastMemory],
    ['rdb_last_load_keys_expired', files.keysExpired],
    ['rdb_last_load_keys_loaded', files.keysLoaded],
    ['aof_enabled', aof.state === 'off' ? 0 : 1],
    ['aof_rewrite_in_progress', aof.rewriting ? 1 : 0],
    ['aof_rewrite_scheduled', aof.scheduled ? 1 : 0],
    ['aof_last_rewrite_time_sec', aof.lastSeconds],
    ['aof_current_rewrite_time_sec', aof.currentSeconds],
    ['aof_last_bgrewrite_status', aof.lastStatus],
    ['aof_rewrites', aof.rewrites],
    ['aof_rewrites_consecutive_failures', aof.failures],
    ['aof_last_write_status', aofLog.lastWriteStatus],
    ['aof_last_cow_size', aof.lastMemory],
    // There are no modules.
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
    ...(aof.state === 'off' ? [] : openFields(files)),
    ...loadingFields(node),
  ];
}

function openFields({ aof, aofLog }: PersistenceState): Field[] {
  return [
    ['aof_current_size', aof.currentSize],
    ['aof_base_size', aof.baseSize],
    ['aof_pending_rewrite', aof.scheduled ? 1 : 0],
    ['aof_buffer_length', aofLog.bufferLength],
    ['aof_pending_bio_fsync', aofLog.pendingSync],
    ['aof_delayed_fsync', aofLog.delayedSyncs],
  ];
}

function loadingFields({ guard, clock }: NodeServices): Field[] {
  const { loading } = guard;
  if (loading === null) return [];
  const { startedAt, total, loaded } = loading;
  const elapsed = (clock.now() - startedAt) / 1000;
  const left = loaded === 0 ? 1 : Math.floor((elapsed * Math.max(0, total - loaded)) / loaded);
  return [
    ['loading_start_time', Math.floor(startedAt / 1000)],
    ['loading_total_bytes', total],
    ['loading_rdb_used_mem', 0],
    ['loading_loaded_bytes', loaded],
    ['loading_loaded_perc', total === 0 ? '0.00' : ((loaded / total) * 100).toFixed(2)],
    ['loading_eta_seconds', left],
  ];
}
