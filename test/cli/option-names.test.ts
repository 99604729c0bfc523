// Names of options over the whole list of commands: an option of a command must not have the spelling of another one or of
// a shared one, because one of them would be ignored.
import { describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { flagName } from '../../src/cli/program/argv.js';
import type { OptionTable } from '../../src/cli/options/options.js';
import { connectionOptions, lineOptions, mutationOptions, terminalOptions } from '../../src/cli/options/shared-options.js';

function spellings(table: OptionTable): string[] {
  return Object.entries(table).flatMap(([key, option]) => [flagName(key), ...(option.aliases ?? []), ...(option.short === undefined ? [] : [`-${option.short}`])]);
}

describe.each(commands.map((entry) => [entry.name, entry] as const))('%s', (_, entry) => {
  it('has options of different spellings, its own and the shared ones', async () => {
    const { default: command } = await entry.load();
    const all = [command.options, terminalOptions, ...(command.connects ? [connectionOptions, lineOptions] : []), ...(command.mutates ? [mutationOptions] : [])].flatMap(spellings);
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
  });

  it('has a description whose own line breaks fit into 80 columns', async () => {
    const { default: command } = await entry.load();
    for (const paragraph of command.description?.split('\n\n') ?? []) {
      const lines = paragraph.split('\n');
      if (lines.length > 1) for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });

  it('has a summary, examples that begin with its name, and no full stop in short texts', async () => {
    const { default: command } = await entry.load();
    expect(entry.summary).toMatch(/[^.]$/);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) expect(example).toMatch(new RegExp(`redis-trib (--cluster )?${entry.name}\\b`));
    for (const option of Object.values(command.options)) expect(option.summary).toMatch(/[^.]$/);
  });
});
