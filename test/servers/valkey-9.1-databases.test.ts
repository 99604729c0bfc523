// Every subcommand on valkey 9.1, 16 databases.
import { describeColumn } from './subcommands.js';

describeColumn({ title: 'valkey 9.1, 16 databases', servers: 'valkey-9.1', databases: 16 });
