// Parameters of the keyspace: memory, eviction, expiry, small encodings, notifications, scripts, slow log and latency.
import { INT, LONG, ULONG, bool, integer, memory, oneOf } from '../kinds.js';
import { acted, kept } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { notifyClasses, percentiles } from '../special-kinds.js';

const ENTRIES = integer(0n, LONG);
const COUNT = integer(0n, INT);

export const memoryParameters: readonly Parameter[] = [
  acted('maxmemory', memory(0n, ULONG), '0'),
  kept(
    'maxmemory-policy',
    oneOf('volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl', 'allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'noeviction'),
    'noeviction',
  ),
  kept('maxmemory-samples', integer(1n, INT), '5'),
  kept('maxmemory-eviction-tenacity', integer(0n, 100n), '10'),
  kept('lfu-log-factor', COUNT, '10'),
  kept('lfu-decay-time', COUNT, '1'),
  kept('lazyfree-lazy-eviction', bool, 'no'),
  kept('lazyfree-lazy-expire', bool, 'no'),
  kept('lazyfree-lazy-server-del', bool, 'no'),
  kept('lazyfree-lazy-user-del', bool, 'no'),
  kept('lazyfree-lazy-user-flush', bool, 'no'),
  kept('active-expire-effort', integer(1n, 10n), '1'),
  kept('activerehashing', bool, 'yes'),
  kept('activedefrag', bool, 'no'),
  kept('active-defrag-cycle-max', integer(1n, 99n), '25'),
  kept('active-defrag-cycle-min', integer(1n, 99n), '1'),
  kept('active-defrag-ignore-bytes', memory(1n), '104857600'),
  kept('active-defrag-max-scan-fields', integer(1n, LONG), '1000'),
  kept('active-defrag-threshold-lower', integer(0n, 1000n), '10'),
  kept('active-defrag-threshold-upper', integer(0n, 1000n), '100'),
  kept('jemalloc-bg-thread', bool, 'yes'),
];

export const encodingParameters: readonly Parameter[] = [
  acted('hash-max-listpack-entries', ENTRIES, '512', { alias: 'hash-max-ziplist-entries' }),
  acted('hash-max-listpack-value', memory(), '64', { alias: 'hash-max-ziplist-value' }),
  acted('list-max-listpack-size', integer(-INT - 1n, INT), '-2', { alias: 'list-max-ziplist-size' }),
  kept('list-compress-depth', COUNT, '0'),
  acted('set-max-intset-entries', ENTRIES, '512'),
  acted('zset-max-listpack-entries', ENTRIES, '128', { alias: 'zset-max-ziplist-entries' }),
  acted('zset-max-listpack-value', memory(), '64', { alias: 'zset-max-ziplist-value' }),
  kept('hll-sparse-max-bytes', memory(), '3000'),
  kept('stream-node-max-bytes', memory(), '4096'),
  kept('stream-node-max-entries', ENTRIES, '100'),
  kept('sanitize-dump-payload', oneOf('no', 'yes', 'clients'), 'no'),
];

export const observationParameters: readonly Parameter[] = [
  acted('notify-keyspace-events', notifyClasses, ''),
  acted('slowlog-log-slower-than', integer(-1n, LONG), '10000'),
  acted('slowlog-max-len', ENTRIES, '128'),
  acted('latency-monitor-threshold', ENTRIES, '0'),
  kept('latency-tracking', bool, 'yes'),
  kept('latency-tracking-info-percentiles', percentiles, '50 99 99.9'),
  kept('busy-reply-threshold', ENTRIES, '5000', { alias: 'lua-time-limit' }),
];
