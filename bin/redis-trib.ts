#!/usr/bin/env node
// The administrator's CLI: hands the list of subcommands to the program. Only manners come before everything else.
import { mindServers } from '../src/cli/courtesy.js';

await mindServers(process.argv.slice(2));
const [{ commands }, { main }] = await Promise.all([import('../commands/index.js'), import('../src/cli/main.js')]);
await main(commands);
