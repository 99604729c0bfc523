#!/usr/bin/env node
// The program redis-trib-server: everything is in src/server/process/.
import { main } from '../src/server/process/main.js';

await main(process.argv.slice(2));
