// The help of every subcommand: the program accepts its examples, it shows defaults, and its lines fit 80 columns. Nothing is
// connected or started.
import { describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { OptionIndex, readInvocation } from '../../src/cli/program/argv.js';
import type { SubcommandContext } from '../../src/cli/program/define.js';
import { parseLine, type ParseResult } from '../../src/cli/program/parse.js';
import { connectionOptions, mutationOptions, terminalOptions } from '../../src/cli/options/shared-options.js';
import { plainStyle } from '../../src/ui/style.js';

const shared = new OptionIndex({ ...terminalOptions, ...connectionOptions, ...mutationOptions });
/** Commands that would start nodes of their own or print what they read. */
const NOT_RUN = new Set(['local', 'demo', 'completion']);

/** The words after `redis-trib`, split as by a shell, without pipes and redirections. */
function shellWords(example: string): string[] {
  const line = /redis-trib (.*?)(?: [|>].*|\))?$/.exec(example)?.[1] ?? '';
  return (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));
}

async function parse(words: readonly string[]): Promise<{ name: string; result: ParseResult }> {
  const invocation = readInvocation(words, shared);
  if (invocation.kind !== 'command') throw new Error(`no command in ${words.join(' ')}`);
  const { name, words: argv, legacy } = invocation;
  const entry = commands.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`no command ${name}`);
  const { default: command } = await entry.load();
  return { name, result: await parseLine({ name, summary: entry.summary, command, argv, legacy, env: {}, config: {}, style: plainStyle }) };
}

describe.each(commands.map((entry) => [entry.name, entry] as const))('%s', (name, entry) => {
  it('has examples that the parser accepts', async () => {
    const { default: command } = await entry.load();
    for (const example of command.examples) {
      const { name: found, result } = await parse(shellWords(example));
      expect(found).toBe(name);
      if ('help' in result || NOT_RUN.has(name)) continue;
      // The arguments are valid when the command gets as far as its first connection or the file that it reads or writes.
      const context = { io: { mode: 'json', out: () => undefined, note: () => undefined, warn: () => undefined, prompts: () => Promise.reject(new Error('asking')) }, signal: new AbortController().signal, cwd: '/nonexistent', commands, connection: () => Promise.reject(new Error('connecting')) };
      const end: unknown = await command.execute(result.words, result.values, undefined, context as unknown as SubcommandContext).catch((error: unknown) => error);
      expect(end, example).toBeInstanceOf(Error);
      expect((end as Error).message, example).toMatch(/^(connecting|asking)$|plan\.json can't be read|^There is no (file|backup in) \/|^Copies of keys cannot be saved to \//);
    }
  });

  it('has a help that fits 80 columns, except examples, and shows the defaults of numbers', async () => {
    const { result } = await parse([name, '--help']);
    const text = 'help' in result ? result.help : '';
    const [body = ''] = text.split('\nExamples:');
    expect(body.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const { default: command } = await entry.load();
    const numbers = Object.values(command.options).filter((option) => typeof option.fallback === 'number' && option.hidden !== true);
    expect(body.match(/\(default/g)?.length ?? 0).toBeGreaterThanOrEqual(numbers.length);
  });
});
