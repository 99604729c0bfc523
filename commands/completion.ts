// redis-trib completion: the completion script of a shell, generated from the list of subcommands.
import { wrongNumber } from '../src/cli/program/arguments.js';
import { defineCommand, type Arguments } from '../src/cli/program/define.js';
import { usageError } from '../src/cli/options/options.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const USAGE = SHELLS.join('|');

const args: Arguments<{ readonly shell: Shell }> = {
  usage: USAGE,
  parse(words) {
    const [word] = words;
    if (word === undefined || words.length !== 1) throw wrongNumber(`completion ${USAGE}`);
    const shell = SHELLS.find((name) => name === word.toLowerCase());
    if (shell === undefined) throw usageError(`no completion for the shell ${word}`, `one of ${SHELLS.join(', ')}`);
    return { shell };
  },
};

export default defineCommand({
  args,
  options: {},
  examples: ['redis-trib completion zsh > "${fpath[1]}/_redis-trib"', 'source <(redis-trib completion bash)', 'redis-trib completion fish > ~/.config/fish/completions/redis-trib.fish'],
  async run({ args: { shell } }, context): Promise<{ readonly shell: Shell; readonly script: string }> {
    const { completableCommands, leadingOptions } = await import('../src/cli/completion/completion.js');
    const commands = await completableCommands(context.commands);
    if (shell === 'bash') return { shell, script: (await import('../src/cli/completion/bash.js')).bashScript(commands, leadingOptions()) };
    if (shell === 'zsh') return { shell, script: (await import('../src/cli/completion/zsh.js')).zshScript(commands, leadingOptions()) };
    return { shell, script: (await import('../src/cli/completion/fish.js')).fishScript(commands, leadingOptions()) };
  },
  render({ script }, { io }) {
    io.out(script);
  },
});
