// Every subcommand on valkey 9.1.
import { describeColumn } from './subcommands.js';

describeColumn({ title: 'valkey 9.1', servers: 'valkey-9.1' });
