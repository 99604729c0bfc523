// Whether the config file of the current folder may set connection options. The folder may come from another person: its file
// could send this user's password, or the first line of any file, to a host of that person. Shown and asked once per content,
// as direnv does. Not here: reading the files (config.ts).
import { ExitCode, TribError } from '../../errors.js';
import { Allowances } from '../../files/allowances.js';
import { oneLine } from '../../resp/visible.js';
import type { Io } from '../../ui/io.js';
import { merged, type CliConfig, type ConfigFiles, type ProjectFile } from './config.js';

/** Settings that are always permitted: they change no address and reveal nothing. */
const HARMLESS: ReadonlySet<string> = new Set(['output', 'lines', 'connectTimeout', 'commandTimeout', 'maxReply']);

/** `use`: apply the settings; `ignore`: drop them. */
export type ProjectChoice = 'use' | 'ignore';

/** The settings that need no permission. */
export function harmless({ settings }: CliConfig): CliConfig {
  return { settings: Object.fromEntries(Object.entries(settings).filter(([name]) => HARMLESS.has(name))), nodes: new Map() };
}

function needsPermission({ settings, nodes }: CliConfig): boolean {
  return nodes.size > 0 || Object.keys(settings).some((name) => !HARMLESS.has(name));
}

/** One line per setting; passwords are not shown. */
function described({ settings, nodes }: CliConfig): string[] {
  const shown = (name: string, value: string): string => `  ${name}: ${name === 'password' ? '(not shown)' : oneLine(value)}`;
  const ofNodes = [...nodes].map(([name, { user, password, passwordFile }]) => {
    const parts = [user === undefined ? '' : `user ${user}`, password === undefined ? '' : 'a password', passwordFile === undefined ? '' : `the password in ${passwordFile}`];
    return `  node ${oneLine(name)}: ${oneLine(parts.filter((part) => part !== '').join(', ')) || 'no password'}`;
  });
  return [...Object.entries(settings).filter(([name]) => !HARMLESS.has(name)).map(([name, value]) => shown(name, value)), ...ofNodes];
}

async function ask({ path, config }: ProjectFile, io: Io, signal: AbortSignal): Promise<void> {
  io.error([`${path} contains connection settings:`, ...described(config)].join('\n'));
  await (await io.prompts(signal)).confirm("Use these settings now and in future? (type 'yes' to accept):", '--project-settings use');
}

/** The settings of a command that connects. Throws UNTRUSTED_SETTINGS (exit 2) without a terminal to ask, DECLINED (exit 4). */
export async function admitProject(files: ConfigFiles, choice: ProjectChoice | undefined, io: Io, signal: AbortSignal): Promise<CliConfig> {
  const { own, project } = files;
  if (project === undefined || choice === 'use' || !needsPermission(project.config)) return merged(own, project?.config);
  if (choice === 'ignore') {
    io.note(`${project.path} is ignored because of --project-settings ignore.`);
    return merged(own, harmless(project.config));
  }
  const allowances = new Allowances(io.env);
  if (allowances.has(project.path, project.text)) return merged(own, project.config);
  if (!io.interactive) {
    throw new TribError('UNTRUSTED_SETTINGS', `${project.path} contains connection settings that you have not permitted yet: ${described(project.config).map((line) => line.trim()).join('; ')}`, {
      exitCode: ExitCode.usage,
      hint: 'if you trust it, permit it once at a terminal, or add --project-settings use (REDIS_TRIB_PROJECT_SETTINGS=use); to ignore it: --project-settings ignore',
    });
  }
  await ask(project, io, signal);
  if (!(await allowances.add(project.path, project.text))) io.note('The permission cannot be stored: there is no folder for your settings.');
  return merged(own, project.config);
}
