// The pubsub commands: what each is (facts as COMMAND INFO of Redis 7.0 tells them) and the function that runs it.
import type { CommandSpec } from '../dispatch/command.js';
import { keyAt, keysAt } from '../dispatch/command.js';
import {
  publish, pubsubChannels, pubsubHelp, pubsubNumpat, pubsubNumsub, pubsubShardchannels, pubsubShardnumsub, spublish,
} from './pubsub-publish.js';
import { psubscribe, punsubscribe, ssubscribe, subscribe, sunsubscribe, unsubscribe } from './pubsub-subscribe.js';

export const pubsubCommands: readonly CommandSpec[] = [
  {
    name: 'PSUBSCRIBE', arity: -2, flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub', since: '2.0.0',
    complexity: 'O(N)',
    summary: 'Listens to all channels whose names match patterns.',
    run: psubscribe,
  },
  {
    name: 'PUBLISH', arity: 3, flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'],
    group: 'pubsub', since: '2.0.0',
    complexity: 'O(N+M)',
    summary: 'Sends a message to everybody who listens to a channel.',
    run: publish,
  },
  {
    name: 'PUBSUB', arity: -2, flags: [],
    group: 'pubsub', since: '2.8.0',
    summary: 'Commands that tell who listens to what.',
    subcommands: [
      {
        name: 'CHANNELS', arity: -2, flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub', since: '2.8.0',
        complexity: 'O(N)',
        summary: 'Lists the channels somebody listens to, patterns aside.',
        run: pubsubChannels,
      },
      {
        name: 'HELP', arity: 2, flags: ['loading', 'stale'],
        group: 'pubsub', since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        run: pubsubHelp,
      },
      {
        name: 'NUMPAT', arity: 2, flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub', since: '2.8.0',
        complexity: 'O(1)',
        summary: 'Counts the patterns somebody listens to.',
        run: pubsubNumpat,
      },
      {
        name: 'NUMSUB', arity: -2, flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub', since: '2.8.0',
        complexity: 'O(N)',
        summary: 'Counts the listeners of channels.',
        run: pubsubNumsub,
      },
      {
        name: 'SHARDCHANNELS', arity: -2, flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub', since: '7.0.0',
        complexity: 'O(N)',
        summary: 'Lists the shard channels somebody listens to.',
        run: pubsubShardchannels,
      },
      {
        name: 'SHARDNUMSUB', arity: -2, flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub', since: '7.0.0',
        complexity: 'O(N)',
        summary: 'Counts the listeners of shard channels.',
        run: pubsubShardnumsub,
      },
    ],
  },
  {
    name: 'PUNSUBSCRIBE', arity: -1, flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub', since: '2.0.0',
    complexity: 'O(N+M)',
    summary: 'Ends listening to patterns, to all of them when none is named.',
    run: punsubscribe,
  },
  {
    name: 'SPUBLISH', arity: 3, flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'],
    group: 'pubsub', since: '7.0.0',
    complexity: 'O(N)',
    keys: [keyAt(1, 'not_key')],
    summary: 'Sends a message to everybody who listens to a shard channel.',
    run: spublish,
  },
  {
    name: 'SSUBSCRIBE', arity: -2, flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub', since: '7.0.0',
    complexity: 'O(N)',
    keys: [keysAt(['not_key'], 1, -1, 1)],
    summary: 'Listens to shard channels.',
    run: ssubscribe,
  },
  {
    name: 'SUBSCRIBE', arity: -2, flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub', since: '2.0.0',
    complexity: 'O(N)',
    summary: 'Listens to channels.',
    run: subscribe,
  },
  {
    name: 'SUNSUBSCRIBE', arity: -1, flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub', since: '7.0.0',
    complexity: 'O(N)',
    keys: [keysAt(['not_key'], 1, -1, 1)],
    summary: 'Ends listening to shard channels, to all of them when none is named.',
    run: sunsubscribe,
  },
  {
    name: 'UNSUBSCRIBE', arity: -1, flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub', since: '2.0.0',
    complexity: 'O(N)',
    summary: 'Ends listening to channels, to all of them when none is named.',
    run: unsubscribe,
  },
];
