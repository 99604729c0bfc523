// Nodes as completion offers them: what the hidden first word `__nodes` prints for a line, and bash with it at a terminal's
// words.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHere } from '../support/broken-cluster.js';
import { CLI, cleanEnv, openShell } from '../support/cli.js';
import { startFakeCluster, type FakeCluster } from '../support/fake-cluster.js';
import { freePort } from '../support/redis-server.js';

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
const id = (index: number): string => index.toString(16).padStart(40, '0');

describe('nodes offered by completion', () => {
  let fake: FakeCluster;
  let at: string[] = [];
  let words: string[] = [];

  beforeAll(async () => {
    fake = await startFakeCluster(4, 0);
    at = fake.ports.map((port) => `127.0.0.1:${port}`);
    words = [...at, ...[0, 1, 2, 3].map(id)];
  });
  afterAll(() => fake[Symbol.asyncDispose]());

  const offered = async (line: readonly string[], env: Record<string, string> = {}): Promise<string[]> => {
    const run = await runHere(['__nodes', ...line], { env });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    return run.stdout.split('\n').filter((text) => text !== '').map((text) => text.split('\t')[0] ?? '');
  };

  it('are the nodes of the seed on the line, as addresses and ids, each with its role', async () => {
    expect(await offered(['failover', at[0] ?? ''])).toEqual(words);
    expect((await runHere(['__nodes', 'failover', at[0] ?? ''])).stdout).toContain(`${at[3]}\treplica ${id(3).slice(0, 8)}\n`);
    expect(await offered(['reshard', at[0] ?? '', '--from'])).toEqual(words);
    expect(await offered(['--cluster', 'reshard', at[0] ?? '', '--cluster-to'])).toEqual(words);
    expect(await offered(['add-node', '127.0.0.1:1', at[1] ?? '', '--master'])).toEqual(words);
  });

  it('are the nodes of REDIS_TRIB_SEED while the seed is typed', async () => {
    expect(await offered(['check'], { REDIS_TRIB_SEED: at[2] ?? '' })).toEqual(words);
    expect(await offered(['check'])).toEqual([]);
  });

  it('are none where the word does not name a node', async () => {
    for (const line of [['set-timeout', at[0] ?? ''], ['check', at[0] ?? ''], ['reshard', at[0] ?? '', '--slots'], ['completion'], ['nonsense'], [], ['check', '--nonsense']]) expect(await offered(line), line.join(' ')).toEqual([]);
  });

  it('are none, soon and without a message, when no node replies', async () => {
    const began = Date.now();
    expect(await offered(['failover', `127.0.0.1:${await freePort()}`])).toEqual([]);
    await using mute = await startFakeCluster(1, 60_000);
    expect(await offered(['failover', `127.0.0.1:${mute.ports[0] ?? 0}`, '--askpass'])).toEqual([]);
    expect(Date.now() - began).toBeLessThan(8000);
  });

  it('contain only words without special meaning to a shell', async () => {
    const text = `${id(0)} 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n${id(1)} $(touch;x):7001@17001 master - 0 0 2 connected\n`;
    await using evil = await startFakeCluster(1, 0, (_, words) => (words[1]?.toUpperCase() === 'NODES' ? `$${text.length}\r\n${text}\r\n` : undefined));
    for (const word of await offered(['failover', `127.0.0.1:${evil.ports[0] ?? 0}`])) expect(word).toMatch(/^[\w.:]+$/);
  });

  describe('in a shell', () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'redis-trib-nodes-'));
      writeFileSync(join(folder, 'redis-trib'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, { mode: 0o755 });
      const script = spawnSync(join(folder, 'redis-trib'), ['completion', 'bash'], { encoding: 'utf8', env: cleanEnv() });
      writeFileSync(join(folder, 'script'), script.stdout);
      for (const shell of ['zsh', 'fish']) writeFileSync(join(folder, `script.${shell}`), spawnSync(join(folder, 'redis-trib'), ['completion', shell], { encoding: 'utf8', env: cleanEnv() }).stdout);
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /** What bash would put in place of the part of the line behind the last of its separators. */
    const complete = (line: string): Promise<string[]> => {
      const program = 'source "$1"; COMP_LINE="$2"; COMP_POINT=${#COMP_LINE}; parts="${COMP_LINE//:/ : }"; parts="${parts//=/ = }"; read -ra COMP_WORDS <<<"$parts"; [[ $COMP_LINE == *[[:space:]] ]] && COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _redis_trib; printf "%s\\n" "${COMPREPLY[@]}"';
      return outputOf('bash', ['--norc', '-c', program, 'bash', join(folder, 'script'), line]);
    };
    const path = (): string => `${folder}:${process.env['PATH'] ?? ''}`;
    /** Not spawnSync: the nodes are in this process. */
    const outputOf = (shell: string, args: readonly string[]): Promise<string[]> =>
      new Promise((resolve) => {
        execFile(shell, args, { env: cleanEnv({ PATH: path(), HOME: folder }) }, (_, stdout) => resolve(stdout.split('\n').filter((text) => text !== '')));
      });

    it.skipIf(!has('fish'))('fish: ids and addresses, with their roles', async () => {
      const complete = (line: string): Promise<string[]> => outputOf('fish', ['--no-config', '-c', `source ${join(folder, 'script.fish')}; complete -C "${line}"`]);
      expect((await complete(`redis-trib failover ${at[0]} `)).map((text) => text.split('\t')[0]).sort()).toEqual(words.toSorted());
      expect(await complete(`redis-trib reshard ${at[0]} --from ${id(3)}`)).toEqual([`${id(3)}\treplica ${at[3]}`]);
      expect((await complete(`redis-trib reshard ${at[0]} --cluster-sl`)).map((text) => text.split('\t')[0])).toEqual(['--cluster-slots']);
    });

    it.skipIf(!has('zsh'))('zsh: ids and addresses', async () => {
      const zsh = openShell('zsh', ['-f', '-i'], { cwd: folder, env: { PS1: '% ', PATH: path() } });
      try {
        zsh.type(`autoload -U compinit; compinit -u -D; source ./script.zsh; LISTMAX=1000; show() { print -rn -- "<<\${(V)BUFFER}>>"; }; zle_highlight=(suffix:none); zle -N show; bindkey '^Xs' show; echo rea''dy\r`);
        await zsh.waitFor('ready');
        const complete = async (line: string): Promise<string> => {
          zsh.type(`\u0015redis-trib ${line}\t\u0018s`);
          await zsh.waitFor('>>');
          return zsh.screen().slice(zsh.screen().lastIndexOf('<<') + 2, zsh.screen().lastIndexOf('>>')).trimEnd();
        };
        expect(await complete(`failover ${at[0]} ${id(3)}`)).toBe(`redis-trib failover ${at[0]} ${id(3)}`);
        expect(await complete(`failover ${at[0]} 0`)).toBe(`redis-trib failover ${at[0]} ${'0'.repeat(39)}`);
        expect(await complete(`reshard ${at[0]} --from 0`)).toBe(`redis-trib reshard ${at[0]} --from ${'0'.repeat(39)}`);
        expect(await complete(`reshard ${at[0]} --cluster-sl`)).toBe(`redis-trib reshard ${at[0]} --cluster-slots=`);
      } finally {
        zsh.kill();
      }
    });

    it('bash: completes ids and addresses from a prefix, after colons, = and commas', async () => {
      const seed = at[0] ?? '';
      const ports = fake.ports.map(String);
      expect(await complete(`redis-trib failover ${seed} `)).toEqual(words);
      expect(await complete(`redis-trib failover ${seed} ${id(1).slice(0, 39)}`)).toEqual([0, 1, 2, 3].map(id));
      expect(await complete(`redis-trib failover ${seed} 127.0.0.1:`)).toEqual(ports);
      expect(await complete(`redis-trib reshard ${seed} --from ${id(2)}`)).toEqual([id(2)]);
      expect(await complete(`redis-trib reshard ${seed} --from=${id(2)}`)).toEqual([id(2)]);
      expect(await complete(`redis-trib reshard ${seed} --from ${id(2)},${id(3)}`)).toEqual([`${id(2)},${id(3)}`]);
      expect(await complete(`redis-trib reshard ${seed} --cluster-from ${id(1)}`)).toEqual([id(1)]);
    });
  });
});
