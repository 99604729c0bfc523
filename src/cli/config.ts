// Where a setting comes from: flag > environment > project file > user's file. Files are JSON objects whose names are
// the `config` names of the options (shared-options.ts), `seed` and `nodes` (node-entries.ts). Reads the two files; writes nothing.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ExitCode, TribError } from '../errors.js';
import type { Environment } from '../ui/terminal.js';
import { parseNodeEntries, type NodeEntries } from './node-entries.js';
import type { Option, OptionTable } from './options.js';

export type ConfigFile = Readonly<Record<string, string>>;

/** The two files merged: the project's wins, setting by setting and node by node. */
export interface Config {
  readonly settings: ConfigFile;
  /** Credentials of single nodes. */
  readonly nodes: NodeEntries;
}

/** `.redis-trib.json` in the directory the user stands in. */
export const PROJECT_FILE = '.redis-trib.json';

function userFile(env: Environment): string {
  const base = env['XDG_CONFIG_HOME'];
  return join(base !== undefined && base !== '' ? base : join(env['HOME'] ?? homedir(), '.config'), 'redis-trib', 'config.json');
}

function bad(path: string, why: string): TribError {
  return new TribError('BAD_CONFIG', `cannot use the config file ${path}: ${why}`, { hint: 'it must be one JSON object of texts, numbers and booleans, and "nodes", an object of objects', exitCode: ExitCode.usage });
}

function readConfig(path: string, known: ReadonlySet<string>): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { settings: {}, nodes: new Map() };
    throw bad(path, code ?? String(error));
  }
  return parseConfig(path, text, known);
}

function parseConfig(path: string, text: string, known: ReadonlySet<string>): Config {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw bad(path, error instanceof Error ? error.message : String(error));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw bad(path, 'it holds no object');
  const { nodes, ...rest } = parsed as Record<string, unknown>;
  const entries = Object.entries(rest).map(([name, value]: [string, unknown]) => {
    if (!known.has(name)) throw bad(path, `unknown setting "${name}"; known are ${[...known, 'nodes'].join(', ')}`);
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw bad(path, `"${name}" is neither text, number nor boolean`);
    return [name, String(value)] as const;
  });
  const wrong = (why: string): never => {
    throw bad(path, why);
  };
  return { settings: Object.fromEntries(entries), nodes: nodes === undefined ? new Map() : parseNodeEntries(nodes, wrong) };
}

/** Reads both config files. Throws TribError BAD_CONFIG (exit 2) for one that cannot be understood. */
export function loadConfig(cwd: string, env: Environment, tables: readonly OptionTable[]): Config {
  const known = new Set(['seed', ...tables.flatMap((table) => Object.values(table).flatMap((option) => option.config ?? []))]);
  const [own, project] = [readConfig(userFile(env), known), readConfig(join(cwd, PROJECT_FILE), known)];
  return { settings: { ...own.settings, ...project.settings }, nodes: new Map([...own.nodes, ...project.nodes]) };
}

/** The first of environment and config that gives the option, as text with the name to blame in errors. */
export function settingOf(option: Option<unknown>, env: Environment, config: ConfigFile): { readonly text: string; readonly name: string } | undefined {
  for (const name of option.env ?? []) {
    const text = env[name];
    if (text !== undefined && text !== '') return { text, name };
  }
  const text = option.config === undefined ? undefined : config[option.config];
  return text === undefined ? undefined : { text, name: `"${option.config ?? ''}" in the config file` };
}
