// The transactions commands: their facts (as in COMMAND INFO of Redis 7.0) and their handlers.
import type { CommandSpec } from '../../exec/command.js';
import { keysAt } from '../../exec/command.js';
import { discard, exec, multi, unwatch, watch } from './run.js';

export const transactionsCommands: readonly CommandSpec[] = [
  {
    name: 'DISCARD', arity: 1, flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    group: 'transactions', since: '2.0.0', categories: ['transaction'],
    complexity: 'O(N)',
    summary: 'Drops the queued commands and ends the transaction.',
    run: discard,
  },
  {
    name: 'EXEC', arity: 1, flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    group: 'transactions', since: '1.2.0', categories: ['transaction'],
    summary: 'Runs the queued commands of a transaction, with no other command in between.',
    run: exec,
  },
  {
    name: 'MULTI', arity: 1, flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    group: 'transactions', since: '1.2.0', categories: ['transaction'],
    complexity: 'O(1)',
    summary: 'Begins a transaction: the following commands are queued.',
    run: multi,
  },
  {
    name: 'UNWATCH', arity: 1, flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    group: 'transactions', since: '2.2.0', categories: ['transaction'],
    complexity: 'O(1)',
    summary: 'Stops watching all keys.',
    run: unwatch,
  },
  {
    name: 'WATCH', arity: -2, flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    group: 'transactions', since: '2.2.0', categories: ['transaction'],
    complexity: 'O(1)',
    keys: [keysAt(['RO'], 1, -1, 1)],
    summary: 'Watches keys: the next EXEC does nothing if one of them changed.',
    arguments: [{ name: 'key', type: 'key', key_spec_index: 0, flags: ['multiple'] }],
    run: watch,
  },
];
