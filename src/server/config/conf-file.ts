// Reads redis.conf, standard input and command-line options into a Config, and refuses what redis-server refuses, with its
// messages. Which options exist is in parameters/; writing the file back is in rewrite.ts.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { splitLine } from '../../resp/inline.js';
import { matchGlob } from '../../resp/glob.js';
import { REDIS_VERSION } from '../runtime/version.js';
import { Config } from './config.js';
import { ValueRefused } from './kinds.js';
import { fromPath, toPath } from './paths.js';

/** An invalid line; `message` is what redis-server prints before it exits with 1. */
export class ConfigFileError extends Error {
  constructor(line: number, text: string, reason: string) {
    super(`\n*** FATAL CONFIG FILE ERROR (Redis ${REDIS_VERSION}) ***\nReading the configuration file, at line ${line}\n>>> '${text}'\n${reason}\n`);
  }
}

/** A configuration file that cannot be opened; redis-server logs it and exits with 1. */
export class ConfigFileMissing extends Error {
  constructor(path: string, reason: string) {
    super(`Fatal error, can't open config file '${path}': ${reason}`);
  }
}

export interface ConfigSources {
  /** Absolute path of redis.conf. */
  readonly file: string | null;
  /** Text from standard input; null when not requested. */
  readonly input: string | null;
  /** The command-line options as lines. They come last and take precedence. */
  readonly options: string;
}

const BAD_DIRECTIVE = 'Bad directive or wrong number of arguments';
/** Former parameters of lists; Redis ignores them. */
const IGNORED = new Set(['list-max-ziplist-entries', 'list-max-ziplist-value']);
/** Maximum nesting of includes: enough for real configurations, and it stops a file that includes itself. */
const MAX_DEPTH = 16;

/**
 * Reads all sources in Redis's order: file, standard input, command line.
 * @throws ConfigFileError, ConfigFileMissing
 */
export function loadConfig(sources: ConfigSources): Config {
  const { file, input, options } = sources;
  const config = new Config({}, file === null ? {} : { file });
  // The texts are joined before splitting into lines, so that line numbers equal those of redis-server.
  let text = file === null ? '' : readText(file);
  if (input !== null) text += input;
  if (options !== '') text += `\n${options}`;
  loadText(config, text, 0);
  return config;
}

function loadText(config: Config, text: string, depth: number): void {
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
    if (line === '' || line.startsWith('#')) return;
    const refuse = (reason: string): never => {
      throw new ConfigFileError(index + 1, line, reason);
    };
    const words = splitLine(line);
    if (words === null) return refuse('Unbalanced quotes in configuration line');
    if (words.length === 0) return;
    try {
      if (!loadDirective(config, words, depth)) refuse(BAD_DIRECTIVE);
    } catch (error) {
      if (error instanceof ValueRefused) refuse(error.message);
      throw error;
    }
  });
}

/** False when the line is not a known directive. */
function loadDirective(config: Config, [name, ...words]: readonly string[], depth: number): boolean {
  const directive = name!.toLowerCase();
  if (config.load(directive, words)) return true;
  if (IGNORED.has(directive)) return words.length === 1;
  if (directive === 'include' && words.length === 1) {
    if (depth >= MAX_DEPTH) throw new ValueRefused('Files are included too deeply');
    for (const path of includedFiles(words[0]!)) loadText(config, readText(path), depth + 1);
    return true;
  }
  const known = (directive === 'rename-command' && words.length === 2) || (['user', 'loadmodule'].includes(directive) && words.length > 0);
  if (known) config.directives.push({ name: directive, words });
  return known;
}

/** A pattern may match no file; a plain name must exist, which is checked when it is read. */
function includedFiles(word: string): string[] {
  const path = toPath(word);
  return /[*?[]/.test(path) ? expand(path) : [resolve(path)];
}

/** Paths that match a shell pattern, sorted; each path component may contain one. */
function expand(pattern: string): string[] {
  let found = [pattern.startsWith('/') ? '/' : '.'];
  for (const part of pattern.split('/').filter((word) => word !== '')) {
    found = found.flatMap((folder) => (/[*?[]/.test(part) ? namesIn(folder, part) : [`${folder}/${part}`]));
  }
  return found.filter((path) => existsSync(path)).map((path) => resolve(path)).sort();
}

function namesIn(folder: string, pattern: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const names = readdirSync(folder).filter((name) => !name.startsWith('.') || pattern.startsWith('.'));
  return names.filter((name) => matchGlob(fromPath(pattern), fromPath(name))).map((name) => `${folder}/${name}`);
}

function readText(path: string): string {
  try {
    if (statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new ConfigFileMissing(path, describe((error as NodeJS.ErrnoException).code));
  }
}

function describe(code: string | undefined): string {
  if (code === 'ENOENT') return 'No such file or directory';
  if (code === 'EACCES') return 'Permission denied';
  return code === 'EISDIR' ? 'Is a directory' : (code ?? 'unreadable');
}
