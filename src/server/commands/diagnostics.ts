// The commands that look into a node, MEMORY, LATENCY and SLOWLOG: what each is (facts as COMMAND INFO of Redis 7.0 tells
// them) and the function that runs it.
import type { CommandSpec } from '../dispatch/command.js';
import { keyAt } from '../dispatch/command.js';
import { memoryDoctor, memoryHelp, memoryMallocStats, memoryPurge, memoryStats, memoryUsage } from './memory-commands.js';
import {
  latencyDoctor, latencyGraph, latencyHelp, latencyHistogram, latencyHistory, latencyLatest, latencyReset, slowlogGet, slowlogHelp,
  slowlogLen, slowlogReset,
} from './slowlog-latency.js';

export const diagnosticCommands: readonly CommandSpec[] = [
  {
    name: 'LATENCY', arity: -2, flags: [],
    group: 'server', since: '2.8.13',
    summary: 'Commands about latency.',
    subcommands: [
      {
        name: 'DOCTOR', arity: 2, flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server', since: '2.8.13',
        complexity: 'O(1)',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: 'A report on latency for people.',
        run: latencyDoctor,
      },
      {
        name: 'GRAPH', arity: 3, flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server', since: '2.8.13',
        complexity: 'O(1)',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: "A drawing of an event's latency.",
        run: latencyGraph,
      },
      {
        name: 'HELP', arity: 2, flags: ['loading', 'stale'],
        group: 'server', since: '2.8.13',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        run: latencyHelp,
      },
      {
        name: 'HISTOGRAM', arity: -2, flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server', since: '7.0.0',
        complexity: 'O(N)',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: 'Distribution of the latency of commands.',
        run: latencyHistogram,
      },
      {
        name: 'HISTORY', arity: 3, flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server', since: '2.8.13',
        complexity: 'O(1)',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: 'Latency samples of an event.',
        run: latencyHistory,
      },
      {
        name: 'LATEST', arity: 2, flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server', since: '2.8.13',
        complexity: 'O(1)',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: 'The last latency samples of all events.',
        run: latencyLatest,
      },
      {
        name: 'RESET', arity: -2, flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server', since: '2.8.13',
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        summary: 'Forgets latency samples.',
        run: latencyReset,
      },
    ],
  },
  {
    name: 'MEMORY', arity: -2, flags: [],
    group: 'server', since: '4.0.0',
    summary: 'Commands about memory.',
    subcommands: [
      {
        name: 'DOCTOR', arity: 2, flags: [],
        group: 'server', since: '4.0.0',
        complexity: 'O(1)',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        summary: 'A report on memory for people.',
        run: memoryDoctor,
      },
      {
        name: 'HELP', arity: 2, flags: ['loading', 'stale'],
        group: 'server', since: '4.0.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        run: memoryHelp,
      },
      {
        name: 'MALLOC-STATS', arity: 2, flags: [],
        group: 'server', since: '4.0.0',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        summary: 'Figures of the memory allocator.',
        run: memoryMallocStats,
      },
      {
        name: 'PURGE', arity: 2, flags: [],
        group: 'server', since: '4.0.0',
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        summary: 'Asks the allocator to give memory back.',
        run: memoryPurge,
      },
      {
        name: 'STATS', arity: 2, flags: [],
        group: 'server', since: '4.0.0',
        complexity: 'O(1)',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        summary: 'Figures on memory in use.',
        run: memoryStats,
      },
      {
        name: 'USAGE', arity: -3, flags: ['readonly'],
        group: 'server', since: '4.0.0',
        complexity: 'O(N)',
        keys: [keyAt(2, 'RO')],
        summary: 'Estimates the memory that a key takes.',
        run: memoryUsage,
      },
    ],
  },
  {
    name: 'SLOWLOG', arity: -2, flags: [],
    group: 'server', since: '2.2.12',
    summary: 'Commands about commands that took long.',
    subcommands: [
      {
        name: 'GET', arity: -2, flags: ['admin', 'loading', 'stale'],
        group: 'server', since: '2.2.12',
        complexity: 'O(N)',
        tips: ['request_policy:all_nodes', 'nondeterministic_output'],
        summary: 'The commands that took long, newest first.',
        run: slowlogGet,
      },
      {
        name: 'HELP', arity: 2, flags: ['loading', 'stale'],
        group: 'server', since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        run: slowlogHelp,
      },
      {
        name: 'LEN', arity: 2, flags: ['admin', 'loading', 'stale'],
        group: 'server', since: '2.2.12',
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
        summary: 'How many entries the slow log has.',
        run: slowlogLen,
      },
      {
        name: 'RESET', arity: 2, flags: ['admin', 'loading', 'stale'],
        group: 'server', since: '2.2.12',
        complexity: 'O(N)',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        summary: 'Empties the slow log.',
        run: slowlogReset,
      },
    ],
  },
];
