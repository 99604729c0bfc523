// Every subcommand on valkey 8.1.
import { describeColumn } from './subcommands.js';

describeColumn({ title: 'valkey 8.1', servers: 'valkey-8.1' });
