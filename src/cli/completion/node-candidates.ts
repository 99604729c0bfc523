// Node candidates for shell completion: the nodes of the cluster on the line, or of REDIS_TRIB_SEED. Asks one node with short
// limits, never asks the user, and ignores every failure. Not here: the scripts (bash.ts, zsh.ts, fish.ts).
import { dial } from '../../apply/node/node-link.js';
import { formatAddress, type Address } from '../../cluster/address.js';
import { parseNodesText, type NodeLine } from '../../cluster/nodes-text.js';
import { asString } from '../../client/read-reply.js';
import { createIo } from '../../ui/io.js';
import { plainStyle } from '../../ui/style.js';
import { takeSeed, type SeedAddresses } from '../options/address.js';
import { OptionIndex, readInvocation } from '../program/argv.js';
import { loadConfig, type CliConfig } from '../config/config.js';
import { resolveConnection, type ConnectionValues } from '../config/connection-settings.js';
import type { Subcommand, CommandEntry } from '../program/define.js';
import { NODE_PLACEHOLDER } from './completion.js';
import { allOptions, parseLine } from '../program/parse.js';
import type { Host } from '../program/host.js';
import { admitProject, harmless } from '../config/project-settings.js';
import { connectionOptions, lineOptions, terminalOptions } from '../options/shared-options.js';

/** Milliseconds until completion returns no candidates. */
const LIMIT_MS = 1500;
/** Words without special meaning to a shell. Candidates come from nodes and must be safe. */
const PLAIN_WORD = /^[\w.:[\]-]+$/;

/** Whether the next word names a node, as the value of an option or by its position. */
function namesNode(command: Subcommand, last: string, words: readonly string[]): boolean {
  const found = new OptionIndex(allOptions(command)).find(last);
  if (found?.option.kind === 'value' && found.value === undefined) return NODE_PLACEHOLDER.test(found.option.placeholder ?? '');
  const places = command.usage.split(' ');
  const place = places[words.length] ?? (places.at(-1)?.includes('…') === true ? places.at(-1) : undefined);
  return place !== undefined && /NODE|HOST:PORT/.test(place);
}

function seedOf(command: Subcommand, words: readonly string[], fallback: string | undefined): SeedAddresses | undefined {
  const at = command.usage.split(' ').findIndex((word) => /^\[?HOST:PORT/.test(word));
  const typed = words.slice(Math.max(0, at));
  if (typed.length === 0) return fallback === undefined ? undefined : takeSeed([fallback]).seed;
  return takeSeed(typed).seed;
}

async function configOf(host: Host): Promise<CliConfig> {
  const io = await createIo(host.streams, host.env, { input: false, quiet: true, output: 'plain' });
  const files = loadConfig(host.cwd, host.env, [terminalOptions, lineOptions, connectionOptions]);
  return admitProject(files, undefined, io, host.signal).catch(() => harmless(files.own)); // Not permitted: use only the harmless settings.
}

/** The nodes that the first replying address lists. */
async function listed(addresses: readonly Address[], host: Host, values: ConnectionValues, config: CliConfig, seed: SeedAddresses): Promise<readonly NodeLine[]> {
  const signal = AbortSignal.any([host.signal, AbortSignal.timeout(LIMIT_MS)]);
  const io = await createIo(host.streams, host.env, { input: false, quiet: true, output: 'plain' });
  const quick = { ...values, askpass: false, passwordFile: values.passwordFile === '-' ? undefined : values.passwordFile, noAuthWarning: true, connectTimeout: 0.7, commandTimeout: 1 };
  const settings = await resolveConnection({ values: quick, io, cwd: host.cwd, signal, passwordTyped: false, nodes: config.nodes }, seed);
  const ask = async (address: Address): Promise<readonly NodeLine[]> => {
    const connection = await dial(address, { ...settings, signal });
    try {
      return parseNodesText(asString(await connection.command(['CLUSTER', 'NODES'], { signal })));
    } finally {
      connection.close();
    }
  };
  return Promise.any(addresses.slice(0, 3).map(ask));
}

/** `WORD<TAB>description` of each node, first the addresses, then the ids. */
function candidates(lines: readonly NodeLine[]): string[] {
  const known = lines.filter(({ host, flags }) => host !== '' && !flags.includes('handshake'));
  const all = [
    ...known.map((line): [string, string] => [formatAddress(line), `${line.role} ${line.id.slice(0, 8)}`]),
    ...known.map((line): [string, string] => [line.id, `${line.role} ${formatAddress(line)}`]),
  ];
  return all.filter(([word]) => PLAIN_WORD.test(word)).map((pair) => pair.join('\t'));
}

/**
 * The candidates for the word after `line` (the words after the program's name, without the one being typed). `shared`: the
 * options that may stand before the subcommand. Throws as parsing and connecting.
 */
async function findCandidates(line: readonly string[], host: Host, entries: readonly CommandEntry[], shared: OptionIndex): Promise<string[]> {
  const invocation = readInvocation(line, shared);
  const entry = invocation.kind === 'command' ? entries.find(({ name }) => name === invocation.name) : undefined;
  if (invocation.kind !== 'command' || entry === undefined) return [];
  const { default: command } = await entry.load();
  const last = line.at(-1) ?? '';
  const open = new OptionIndex(allOptions(command)).find(last);
  const argv = open?.option.kind === 'value' && open.value === undefined ? invocation.words.slice(0, -1) : invocation.words;
  const config = await configOf(host);
  const parsed = await parseLine({ name: entry.name, summary: '', command, argv, legacy: invocation.legacy, env: host.env, config: config.settings, style: plainStyle });
  if (!command.connects || 'help' in parsed || !namesNode(command, last, parsed.words)) return [];
  const seed = seedOf(command, parsed.words, host.env['REDIS_TRIB_SEED'] ?? config.settings['seed']);
  if (seed === undefined) return [];
  return candidates(await listed(seed.addresses, host, parsed.values as unknown as ConnectionValues, config, seed));
}

/** As findCandidates, but returns none on errors, which completion cannot show. */
export function nodeCandidates(line: readonly string[], host: Host, entries: readonly CommandEntry[], shared: OptionIndex): Promise<string[]> {
  return findCandidates(line, host, entries, shared).catch(() => []);
}
