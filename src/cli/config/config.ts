// Sources of a setting: flag > environment > project file > user's file. Files are JSON objects whose names are the `config`
// names of the options (shared-options.ts), `seed` and `nodes` (node-entries.ts). Reads the two files; writes nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode, TribError, messageOf } from '../../errors.js';
import { userFolder } from '../../files/user-folder.js';
import type { Environment } from '../../ui/terminal.js';
import { parseNodeEntries, type NodeEntries } from './node-entries.js';
import type { Option, OptionTable } from '../options/options.js';

export type ConfigSettings = Readonly<Record<string, string>>;

/** The content of one file, or of both merged. */
export interface CliConfig {
  readonly settings: ConfigSettings;
  /** Credentials of single nodes. */
  readonly nodes: NodeEntries;
}

/** The file of the current folder. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
  readonly config: CliConfig;
}

export interface ConfigFiles {
  /** The user's own file; empty when there is none. */
  readonly own: CliConfig;
  readonly project: ProjectFile | undefined;
}

/** Name of the project file in the current directory. */
export const PROJECT_FILE = '.redis-trib.json';

function userFile(env: Environment): string {
  return join(userFolder(env), 'config.json');
}

function bad(path: string, why: string): TribError {
  return new TribError('BAD_CONFIG', `cannot use the config file ${path}: ${why}`, { hint: 'it must be one JSON object of strings, numbers and booleans, and "nodes", an object of objects', exitCode: ExitCode.usage });
}

/** Undefined when the file does not exist. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw bad(path, code ?? String(error));
  }
}

function parseConfig(path: string, text: string, known: ReadonlySet<string>): CliConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw bad(path, messageOf(error));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw bad(path, 'it is not a JSON object');
  const { nodes, ...rest } = parsed as Record<string, unknown>;
  const entries = Object.entries(rest).map(([name, value]: [string, unknown]) => {
    if (!known.has(name)) throw bad(path, `unknown setting "${name}"; known are ${[...known, 'nodes'].join(', ')}`);
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw bad(path, `"${name}" is neither string, number nor boolean`);
    return [name, String(value)] as const;
  });
  const wrong = (why: string): never => {
    throw bad(path, why);
  };
  return { settings: Object.fromEntries(entries), nodes: nodes === undefined ? new Map() : parseNodeEntries(nodes, wrong) };
}

/** The settings of both config files: the project's take precedence over the user's own. */
export function merged(own: CliConfig, project: CliConfig | undefined): CliConfig {
  return { settings: { ...own.settings, ...project?.settings }, nodes: new Map([...own.nodes, ...(project?.nodes ?? [])]) };
}

/** Reads both config files. Throws TribError BAD_CONFIG (exit 2) for an invalid one. */
export function loadConfig(cwd: string, env: Environment, tables: readonly OptionTable[]): ConfigFiles {
  const known = new Set(['seed', ...tables.flatMap((table) => Object.values(table).flatMap((option) => option.config ?? []))]);
  const [ownPath, path] = [userFile(env), join(cwd, PROJECT_FILE)];
  const [ownText, text] = [readText(ownPath), readText(path)];
  const own = ownText === undefined ? { settings: {}, nodes: new Map() } : parseConfig(ownPath, ownText, known);
  return { own, project: text === undefined || path === ownPath ? undefined : { path, text, config: parseConfig(path, text, known) } };
}

/** The value of an option from environment or config, as text with its source for errors. */
export function settingOf(option: Option<unknown>, env: Environment, config: ConfigSettings): { readonly text: string; readonly name: string } | undefined {
  for (const name of option.env ?? []) {
    const text = env[name];
    if (text !== undefined && text !== '') return { text, name };
  }
  const text = option.config === undefined ? undefined : config[option.config];
  return text === undefined ? undefined : { text, name: `"${option.config ?? ''}" in the config file` };
}
