#!/usr/bin/env node
// The program redis-trib-server: its code is in src/server/process/. Only `--list-parameters`, which the completion scripts
// call, is here.
import { main } from '../src/server/process/main.js';

/** `--NAME<TAB>WORDS` for each settable parameter, for completion; the words are the values of a switch. */
async function listParameters(): Promise<void> {
  const { PARAMETERS } = await import('../src/server/config/parameters/index.js');
  const lines = PARAMETERS.filter(({ hidden }) => !hidden).map(({ name, default: initial }) => `--${name}\t${/^(yes|no)$/.test(initial) ? 'yes no' : ''}\n`);
  process.stdout.write(lines.join(''));
}

const [first, ...more] = process.argv.slice(2);
await (first === '--list-parameters' && more.length === 0 ? listParameters() : main(process.argv.slice(2)));
