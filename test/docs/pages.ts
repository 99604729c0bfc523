// The generated pages by their files, as they should be now.
import { readFileSync } from 'node:fs';
import { commands } from '../../commands/index.js';
import { createCommandTable } from '../../src/server/commands/index.js';
import { PARAMETERS } from '../../src/server/config/parameters/index.js';
import { HELP } from '../../src/server/process/help-text.js';
import { redisTribPage, serverPage } from './man-pages.js';
import { commandsPage, serverCommandsPage } from './reference-pages.js';

/** Relative to the root of the package. */
export async function currentPages(root: string): Promise<ReadonlyMap<string, string>> {
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { readonly version: string };
  return new Map([
    ['man/redis-trib.1', await redisTribPage(commands, version)],
    ['man/redis-trib-server.1', serverPage(PARAMETERS, HELP, version)],
    ['docs/commands.md', await commandsPage(commands)],
    ['docs/server-commands.md', serverCommandsPage(createCommandTable().all, PARAMETERS)],
  ]);
}
