// Every subcommand on redis 8.0.
import { describeColumn } from './subcommands.js';

describeColumn({ title: 'redis 8.0', servers: 'redis-8.0' });
