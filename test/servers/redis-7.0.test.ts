// Every subcommand on redis 7.0.
import { describeColumn } from './subcommands.js';

describeColumn({ title: 'redis 7.0', servers: 'redis-7.0' });
