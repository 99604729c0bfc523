// Parameters of the keyspace: memory, eviction, expiry, small encodings, notifications, scripts, slow log and latency.
import { INT, LONG, ULONG, bool, integer, memory, oneOf } from '../kinds.js';
import { effective, ignored } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { notifyClasses, percentiles } from '../special-kinds.js';

const ENTRIES = integer(0n, LONG);
const COUNT = integer(0n, INT);

export const memoryParameters: readonly Parameter[] = [
  effective('maxmemory', memory(0n, ULONG), '0'),
  ignored(
    'maxmemory-policy',
    oneOf('volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl', 'allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'noeviction'),
    'noeviction',
  ),
  ignored('maxmemory-samples', integer(1n, INT), '5'),
  ignored('maxmemory-eviction-tenacity', integer(0n, 100n), '10'),
  ignored('lfu-log-factor', COUNT, '10'),
  ignored('lfu-decay-time', COUNT, '1'),
  ignored('lazyfree-lazy-eviction', bool, 'no'),
  ignored('lazyfree-lazy-expire', bool, 'no'),
  ignored('lazyfree-lazy-server-del', bool, 'no'),
  ignored('lazyfree-lazy-user-del', bool, 'no'),
  ignored('lazyfree-lazy-user-flush', bool, 'no'),
  ignored('active-expire-effort', integer(1n, 10n), '1'),
  ignored('activerehashing', bool, 'yes'),
  ignored('activedefrag', bool, 'no'),
  ignored('active-defrag-cycle-max', integer(1n, 99n), '25'),
  ignored('active-defrag-cycle-min', integer(1n, 99n), '1'),
  ignored('active-defrag-ignore-bytes', memory(1n), '104857600'),
  ignored('active-defrag-max-scan-fields', integer(1n, LONG), '1000'),
  ignored('active-defrag-threshold-lower', integer(0n, 1000n), '10'),
  ignored('active-defrag-threshold-upper', integer(0n, 1000n), '100'),
  ignored('jemalloc-bg-thread', bool, 'yes'),
];

export const encodingParameters: readonly Parameter[] = [
  effective('hash-max-listpack-entries', ENTRIES, '512', { alias: 'hash-max-ziplist-entries' }),
  effective('hash-max-listpack-value', memory(), '64', { alias: 'hash-max-ziplist-value' }),
  effective('list-max-listpack-size', integer(-INT - 1n, INT), '-2', { alias: 'list-max-ziplist-size' }),
  ignored('list-compress-depth', COUNT, '0'),
  effective('set-max-intset-entries', ENTRIES, '512'),
  effective('zset-max-listpack-entries', ENTRIES, '128', { alias: 'zset-max-ziplist-entries' }),
  effective('zset-max-listpack-value', memory(), '64', { alias: 'zset-max-ziplist-value' }),
  ignored('hll-sparse-max-bytes', memory(), '3000'),
  ignored('stream-node-max-bytes', memory(), '4096'),
  ignored('stream-node-max-entries', ENTRIES, '100'),
  ignored('sanitize-dump-payload', oneOf('no', 'yes', 'clients'), 'no'),
];

export const observationParameters: readonly Parameter[] = [
  effective('notify-keyspace-events', notifyClasses, ''),
  effective('slowlog-log-slower-than', integer(-1n, LONG), '10000'),
  effective('slowlog-max-len', ENTRIES, '128'),
  effective('latency-monitor-threshold', ENTRIES, '0'),
  ignored('latency-tracking', bool, 'yes'),
  ignored('latency-tracking-info-percentiles', percentiles, '50 99 99.9'),
  ignored('busy-reply-threshold', ENTRIES, '5000', { alias: 'lua-time-limit' }),
];
