// Every subcommand on valkey 8.1 + valkey 9.1.
import { describeColumn } from './subcommands.js';

describeColumn({ title: 'valkey 8.1 + valkey 9.1', servers: ['valkey-8.1', 'valkey-9.1', 'valkey-8.1', 'valkey-9.1', 'valkey-9.1', 'valkey-8.1'], oneWay: true });
