#!/usr/bin/env node
// The administrator's CLI: passes the list of subcommands to the program.
import { commands } from '../commands/index.js';
import { main } from '../src/cli/main.js';

await main(commands);
