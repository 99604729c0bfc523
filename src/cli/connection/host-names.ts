// Resolves host names of the command line once, so that `db1:7003` is found in a cluster whose nodes announce IP addresses.
import { lookup } from 'node:dns/promises';
import type { HostNames } from '../../cluster/view.js';

/** Milliseconds to wait for a resolver; after them the name counts as unknown. */
const LIMIT_MS = 1000;
/** Maximum words in which names are searched. */
const MAX_NAMES = 100;

/** `HOST:PORT` inside a word, as in `--from a:7000,b:7001` and `--weight a:7000=2`. */
function namesIn(word: string): string[] {
  return word.split(/[,=]/).flatMap((part) => /^([a-z][a-z0-9._-]*):\d{1,5}$/i.exec(part)?.[1]?.toLowerCase() ?? []);
}

async function resolve(name: string): Promise<readonly string[]> {
  const late = new Promise<readonly string[]>((settle) => {
    setTimeout(settle, LIMIT_MS, []).unref();
  });
  const found = lookup(name, { all: true }).then((all) => all.map(({ address }) => address), () => []);
  return Promise.race([found, late]);
}

/** Resolved in every run, because it may be typed at a prompt later. */
const ALWAYS = ['localhost'];

/** The addresses of the host names in these words and of `localhost`; unresolved names are left out. Never throws. */
export async function hostNames(words: readonly string[]): Promise<HostNames> {
  const names = [...new Set([...ALWAYS, ...words.flatMap(namesIn)])].slice(0, MAX_NAMES);
  return new Map(await Promise.all(names.map(async (name) => [name, await resolve(name)] as const)));
}
