// Completion scripts: bash through its own machinery; zsh and fish through theirs where the shells are installed, else by
// their structure. Made from the list of commands, so none can be missing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { bashScript } from '../../src/cli/completion/bash.js';
import { fishScript } from '../../src/cli/completion/fish.js';
import { zshScript } from '../../src/cli/completion/zsh.js';
import { completableCommands, leadingOptions, type CompletableCommand } from '../../src/cli/completion/completion.js';
import { CLI, cleanEnv, openShell, runCli, type Terminal } from '../support/cli.js';
import { waitFor } from '../support/redis-server.js';

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** What stands on the line before a tab, and the word it becomes: the same in all shells. */
const BEFORE: readonly (readonly [line: string, word: string])[] = [
  ['--outp', '--output'],
  ['--vers', '--version'],
  ['--clus', '--cluster'],
  ['--output j', 'json'],
  ['--lines redis-t', 'redis-trib.rb'],
  ['--cluster resh', 'reshard'],
  ['-o json --quiet chec', 'check'],
  ['--user info chec', 'check'],
  ['--uri redis://h:1 chec', 'check'],
  ['--pass x chec', 'check'],
  ['--output json check --search', '--search-multiple-owners'],
];

const waitUntilShown = (terminal: Terminal, text: string): Promise<void> => waitFor(() => terminal.screen().includes(`${text} `), text);

let folder = '';
let all: CompletableCommand[] = [];
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'redis-trib-completion-'));
  all = await completableCommands(commands);
  writeFileSync(file('bash'), bashScript(all, leadingOptions()));
  writeFileSync(file('_redis-trib'), zshScript(all, leadingOptions()));
  writeFileSync(file('fish'), fishScript(all, leadingOptions()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what can be completed', () => {
  it('contains every command with its options, choices, files and literal words', () => {
    expect(all.map((command) => command.name)).toEqual([...commands.map((entry) => entry.name), 'help']);
    const find = (name: string): CompletableCommand | undefined => all.find((command) => command.name === name);
    expect(find('local')?.words).toContain('status');
    expect(find('help')?.words).toContain('reshard');
    expect(find('check')?.words).toEqual([]);
    expect(find('check')?.options.find((option) => option.flag === '--output')).toMatchObject({ short: '-o', choices: ['table', 'plain', 'json'] });
    expect(find('check')?.options.find((option) => option.flag === '--lines')).toMatchObject({ short: undefined, choices: ['redis-cli', 'redis-trib.rb'] });
    expect(find('local')?.options.filter((option) => option.flag === '--lines')).toMatchObject([{ short: '-n', choices: [] }]); // its own
    expect(find('check')?.options.find((option) => option.flag === '--cacert')).toMatchObject({ file: true, choices: [] });
    expect(find('check')?.options.map((option) => option.flag)).not.toContain('--uri'); // hidden
    expect(find('reshard')?.options.map((option) => option.flag)).toEqual(expect.arrayContaining(['--yes', '--dry-run', '--from']));
  });

  it.each(['bash', 'zsh', 'fish'])('redis-trib completion %s prints the script', async (shell) => {
    const run = await runCli(['completion', shell]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    for (const { name } of commands) expect(run.stdout).toContain(name);
  });

  it('redis-trib completion of another shell exits 2 and names the three', async () => {
    const run = await runCli(['completion', 'tcsh']);
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain('one of bash, zsh, fish');
    expect(await runCli(['completion'])).toMatchObject({ code: 2 });
  });
});

describe.skipIf(!has('bash'))('in bash', () => {
  const complete = (...words: string[]): string[] => {
    const script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _redis_trib; printf "%s\\n" "${COMPREPLY[@]}"';
    const run = spawnSync('bash', ['--norc', '-c', script, 'bash', file('bash'), ...words], { encoding: 'utf8', cwd: folder });
    expect(run.stderr).toBe('');
    return run.stdout.split('\n').filter((line) => line !== '');
  };

  it.each<[string, readonly string[], readonly string[]]>([
    ['commands', ['redis-trib', 'chec'], ['check']],
    ['commands after --cluster', ['redis-trib', '--cluster', 'resh'], ['reshard']],
    ['options of the command', ['redis-trib', 'check', '--search'], ['--search-multiple-owners']],
    ['options after the address', ['redis-trib', 'failover', 'h:1', '--take'], ['--takeover']],
    ['choices', ['redis-trib', 'check', '--output', ''], ['table', 'plain', 'json']],
    ['choices of a short option', ['redis-trib', 'check', '-o', 'j'], ['json']],
    ['choices with a dot', ['redis-trib', 'check', '--lines', ''], ['redis-cli', 'redis-trib.rb']],
    ['choices after =', ['redis-trib', 'check', '--output', '=', 'pl'], ['plain']],
    ['choices after a bare =', ['redis-trib', 'check', '--output', '='], ['table', 'plain', 'json']],
    ['choices after = where COMP_WORDBREAKS has no =', ['redis-trib', 'reshard', '--method='], ['--method=auto', '--method=atomic', '--method=keys']],
    ['a part after = where COMP_WORDBREAKS has no =', ['redis-trib', 'reshard', '--method=at'], ['--method=atomic']],
    ['nothing for a free value after =', ['redis-trib', 'check', '--user=a'], []],
    ['choices, not commands, for the value of --lines before the command', ['redis-trib', '--lines', ''], ['redis-cli', 'redis-trib.rb']],
    ['choices of a short option before the command', ['redis-trib', '-o', ''], ['table', 'plain', 'json']],
    ['options before the command', ['redis-trib', '--outp'], ['--output']],
    ['a command after options and their values', ['redis-trib', '-o', 'json', '--quiet', 'chec'], ['check']],
    ['a value that is the name of a command', ['redis-trib', '--user', 'info', 'chec'], ['check']],
    ['a value that is the name of a command, after =', ['redis-trib', '--user', '=', 'info', 'chec'], ['check']],
    ['options of the command after other options', ['redis-trib', '--output', 'json', 'check', '--search'], ['--search-multiple-owners']],
    ['nothing for the value of a hidden option', ['redis-trib', '--uri', ''], []],
    ['files', ['redis-trib', 'check', '--cacert', 'ba'], ['bash']],
    ['nothing for a free value', ['redis-trib', 'check', '--user', ''], []],
    ['literal words', ['redis-trib', 'local', 'sta'], ['start', 'status']],
    ['shells', ['redis-trib', 'completion', 'z'], ['zsh']],
    ['topics of help', ['redis-trib', 'help', 'consis'], ['consistency-test']],
    ['no option of another command', ['redis-trib', 'check', '--takeov'], []],
    ["redis-cli's spelling of the command's options", ['redis-trib', 'create', 'h:1', '--cluster-rep'], ['--cluster-replicas', '--cluster-replica-of']],
    ["the common beginning of redis-cli's spelling", ['redis-trib', '--cluster', 'check', '--cl'], ['--cluster-search-multiple-owners']],
    ["choices of an option in redis-cli's spelling", ['redis-trib', 'reshard', '--cluster-method', 'at'], ['atomic']],
    ['no redis-cli spelling where none is begun', ['redis-trib', 'check', '--c'], ['--cacert', '--cacertdir', '--cert', '--connect-timeout', '--command-timeout']],
  ])('%s', (_, words, expected) => {
    expect(complete(...words)).toEqual(expected);
  });

  it('the script registers the completion', () => {
    const run = spawnSync('bash', ['--norc', '-c', 'source "$1"; complete -p redis-trib', 'bash', file('bash')], { encoding: 'utf8' });
    expect(run.stdout).toBe('complete -F _redis_trib redis-trib\n');
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['parameters', ['--cluster-en'], ['--cluster-enabled']],
    ['the words of a switch', ['--cluster-enabled', ''], ['yes', 'no']],
    ['nothing for another value', ['--port', ''], []],
    ['the file of the configuration', ['ba'], ['bash']],
  ])('redis-trib-server: %s', (_, words, expected) => {
    const program = file('redis-trib-server');
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${CLI.replace('redis-trib.js', 'redis-trib-server.js')}' "$@"\n`, { mode: 0o755 });
    const script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _redis_trib_server; printf "%s\\n" "${COMPREPLY[@]}"';
    const run = spawnSync('bash', ['--norc', '-c', script, 'bash', file('bash'), program, ...words], { encoding: 'utf8', cwd: folder });
    expect(run.stdout.split('\n').filter((line) => line !== '')).toEqual(expected);
  });
});

describe('in fish', () => {
  it('has a line for each command and each option', () => {
    const lines = fishScript(all, leadingOptions()).split('\n');
    expect(lines.filter((line) => line.includes(" 'not __redis_trib_command' -l output -s o -x -a 'table plain json' "))).toHaveLength(1);
    for (const command of all) {
      expect(lines.filter((line) => line.includes(`'not __redis_trib_command' -a ${command.name} `))).toHaveLength(1);
      expect(lines.filter((line) => line.includes(`__redis_trib_command ${command.name}' -l `))).toHaveLength(command.options.length);
      expect(lines.filter((line) => line.includes(`__redis_trib_command ${command.name}; and __redis_trib_spelled' -l cluster-`))).toHaveLength(command.options.filter(({ spelled }) => spelled !== undefined).length);
    }
  });

  it.skipIf(!has('fish'))('fish accepts the script and completes with it', () => {
    const complete = (line: string): string[] => {
      const run = spawnSync('fish', ['--no-config', '-c', `source ${file('fish')}; complete -C "${line}"`], { encoding: 'utf8', env: cleanEnv() });
      return run.stdout.split('\n').filter((text) => text !== '').map((text) => text.split('\t')[0] ?? '');
    };
    expect(complete('redis-trib chec')).toEqual(['check']);
    expect(complete('redis-trib check --output ').sort()).toEqual(['json', 'plain', 'table']);
    expect(complete('redis-trib local sta').sort()).toEqual(['start', 'status']);
    expect(complete('redis-trib failover --takeo')).toEqual(['--takeover']);
    for (const [line, expected] of BEFORE) expect(complete(`redis-trib ${line}`), line).toEqual([expected]);
    expect(complete('redis-trib --').sort()).toEqual(leadingOptions().options.map(({ flag }) => flag).sort());
    expect(complete('redis-trib check --takeov')).toEqual([]);
    expect(complete('redis-trib help check --search')).toEqual([]);
  });
});

describe('in zsh', () => {
  it('has a branch for each command with all its options', () => {
    const script = zshScript(all, leadingOptions());
    expect(script.startsWith('#compdef redis-trib redis-trib-server\n')).toBe(true);
    for (const command of all) {
      const branch = script.split(`\n    ${command.name})\n`)[1]?.split('\n      ;;')[0] ?? '';
      for (const option of command.options) expect(branch).toContain(`'*${option.flag}${option.placeholder === undefined ? '' : '='}[`);
    }
  });

  it.skipIf(!has('zsh'))('zsh accepts the script', () => {
    expect(spawnSync('zsh', ['-n', file('_redis-trib')], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    const load = spawnSync('zsh', ['-f', '-c', `autoload -U compinit; compinit -u -D; source ${file('_redis-trib')}; print $_comps[redis-trib]`], { encoding: 'utf8', env: cleanEnv({ HOME: folder }) });
    expect(load).toMatchObject({ status: 0, stdout: '_redis_trib\n' });
  });

  it.skipIf(!has('zsh'))('zsh completes options before the command', async () => {
    const zsh = openShell('zsh', ['-f', '-i'], { cwd: folder, env: { PS1: '% ' } });
    try {
      zsh.type(`autoload -U compinit; compinit -u -D; source ./_redis-trib; LISTMAX=1000; show() { print -rn -- "<<\${(V)BUFFER}>>"; }; zle_highlight=(suffix:none); zle -N show; bindkey '^Xs' show; echo rea''dy\r`);
      await zsh.waitFor('ready');
      const complete = async (line: string): Promise<string> => {
        zsh.type(`\u0015redis-trib ${line}\t\u0018s`);
        await zsh.waitFor('>>');
        return zsh.screen().slice(zsh.screen().lastIndexOf('<<') + 2, zsh.screen().lastIndexOf('>>'));
      };
      for (const [line, expected] of BEFORE) expect((await complete(line)).trimEnd().replace(/=$/, ''), line).toBe(`redis-trib ${line.replace(/\S+$/, '')}${expected}`);
      expect((await complete('failover h:1 --takeo')).trimEnd()).toBe('redis-trib failover h:1 --takeover');
      expect((await complete('check --takeov')).trimEnd()).toBe('redis-trib check --takeov');
      expect((await complete('help consis')).trimEnd()).toBe('redis-trib help consistency-test');
      zsh.type('\u0015redis-trib --\t');
      for (const { flag } of leadingOptions().options) await waitUntilShown(zsh, flag);
    } finally {
      zsh.kill();
    }
  });
});
