// Every subcommand on redis 7.0 + valkey 8.1.
import { describeColumn } from './subcommands.js';

describeColumn({ title: 'redis 7.0 + valkey 8.1', servers: ['redis-7.0', 'valkey-8.1', 'redis-7.0', 'valkey-8.1', 'valkey-8.1', 'redis-7.0'], oneWay: true });
