// Every subcommand on redis 7.0 + redis 8.0.
import { describeColumn } from './subcommands.js';

describeColumn({ title: 'redis 7.0 + redis 8.0', servers: ['redis-7.0', 'redis-8.0', 'redis-7.0', 'redis-8.0', 'redis-8.0', 'redis-7.0'], oneWay: true });
