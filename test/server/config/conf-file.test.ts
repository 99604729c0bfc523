// redis.conf as redis-server reads it: quotes, includes, lists over several lines, and the refusals with their lines.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigFileError, ConfigFileMissing, loadConfig } from '../../../src/server/config/conf-file.js';
import type { Config } from '../../../src/server/config/config.js';
import { startNotes, startRefusals } from '../../../src/server/config/unsupported.js';

const dir = mkdtempSync(join(tmpdir(), 'redis-trib-conf-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const load = (text: string, options = '', input: string | null = null): Config =>
  loadConfig({ file: file('redis.conf', text), input, options });
const failure = (text: string): string => {
  try {
    load(text);
  } catch (error) {
    if (error instanceof ConfigFileError || error instanceof ConfigFileMissing) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('redis.conf', () => {
  it('reads values, comments, quotes and names in any case', () => {
    const config = load('# a comment\n\n  PORT 7000  \nrequirepass "a b\\"c\\x21"\nsyslog-ident \'it\\\'s\'\nmaxmemory 100mb\n');
    expect(config.integer('port')).toBe(7000);
    expect(config.text('requirepass')).toBe('a b"c!');
    expect(config.text('syslog-ident')).toBe("it's");
    expect(config.integer('maxmemory')).toBe(104857600);
    expect(config.file).toBe(join(dir, 'redis.conf'));
  });

  it('lets save lines replace the defaults and accumulate', () => {
    expect(load('save 900 1\nsave 300 10 60 10000\n').text('save')).toBe('900 1 300 10 60 10000');
    expect(load('save 900 1\nsave ""\n').text('save')).toBe('');
    expect(load('').text('save')).toBe('3600 1 300 100 60 10000');
  });

  it('accepts a name without a value where redis-server does', () => {
    expect(load('save\n').text('save')).toBe('');
    expect(load('save 900 1\nsave\n').text('save')).toBe('900 1');
    expect(load('save\nsave 5 6\n').text('save')).toBe('5 6');
    const limits = load('').text('client-output-buffer-limit');
    expect(load('client-output-buffer-limit\n').text('client-output-buffer-limit')).toBe(limits);
    expect(load('latency-tracking-info-percentiles\n').text('latency-tracking-info-percentiles')).toBe('');
    expect(() => load('shutdown-on-sigterm\n')).toThrow('argument(s) must be one of the following: default, save');
    expect(() => load('port\n')).toThrow('wrong number of arguments');
    expect(() => load('oom-score-adj-values\n')).toThrow('wrong number of arguments');
  });

  it('gives later sources precedence over earlier ones', () => {
    const config = load('port 1\ntimeout 1\nhz 11\n', 'port "3"', 'port 2\ntimeout 2\n');
    expect([config.text('port'), config.text('timeout'), config.text('hz')]).toEqual(['3', '2', '11']);
  });

  it('reads included files, also by pattern, and allows a pattern without files', () => {
    mkdirSync(join(dir, 'conf.d'), { recursive: true });
    file('conf.d/10.conf', 'timeout 10\n');
    file('conf.d/20.conf', 'timeout 20\n');
    file('conf.d/other.txt', 'timeout 30\n');
    const config = load(`include ${dir}/conf.d/*.conf\ninclude ${dir}/none*.conf\n`);
    expect(config.text('timeout')).toBe('20');
  });

  it('fails when a file includes itself', () => {
    expect(failure(`include ${dir}/redis.conf\n`)).toContain('Files are included too deeply');
  });

  it.each([
    ['# c\nnosuch 1\n', 2, 'nosuch 1', 'Bad directive or wrong number of arguments'],
    ['port "70\n', 1, 'port "70', 'Unbalanced quotes in configuration line'],
    ['port\n', 1, 'port', 'wrong number of arguments'],
    ['\n\nport 1 2\n', 3, 'port 1 2', 'wrong number of arguments'],
    ['appendfilename a/b\n', 1, 'appendfilename a/b', "appendfilename can't be a path, just a filename"],
    ['dir /no/such/folder\n', 1, 'dir /no/such/folder', 'No such file or directory'],
    ['unixsocketperm 1777\n', 1, 'unixsocketperm 1777', 'argument must be between 0 and 777 inclusive'],
    ['replicaof a b\n', 1, 'replicaof a b', 'Invalid master port'],
    ['rename-command a b c\n', 1, 'rename-command a b c', 'Bad directive or wrong number of arguments'],
  ])('refuses %j', (text, line, shown, reason) => {
    expect(failure(text)).toBe(
      `\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at line ${line}\n>>> '${shown}'\n${reason}\n`,
    );
  });

  it('the error names an included file that does not exist', () => {
    expect(failure('include /no/such.conf\n')).toBe("Fatal error, can't open config file '/no/such.conf': No such file or directory");
  });

  it('keeps directives that are not parameters', () => {
    expect(load('rename-command CONFIG ""\n').directives).toEqual([{ name: 'rename-command', words: ['CONFIG', ''] }]);
  });

  it('does not start with settings that promise unsupported safety', () => {
    expect(startRefusals(load('tls-replication yes\n'))).toHaveLength(1);
    expect(startRefusals(load('user alice on nopass +@all\ntls-port 7001\nloadmodule x.so\n'))).toHaveLength(3);
    expect(startRefusals(load('replicaof 127.0.0.1 6379\n'))).toEqual([]);
    expect(startRefusals(load('replicaof 127.0.0.1 6379\ncluster-enabled yes\n'))).toHaveLength(1);
    expect(startRefusals(load(''))).toEqual([]);
  });

  it('logs which settings have no effect', () => {
    expect(startNotes(load(''))).toEqual([]);
    expect(startNotes(load('save ""\nappendonly no\n'))).toEqual([]);
    expect(startNotes(load('appendonly yes\nsave 900 1\nrdbcompression no\n'))).toEqual([]);
    expect(startNotes(load('io-threads 4\nactiverehashing no\n'))).toEqual([
      { level: 'notice', text: 'Accepted without effect in this version: io-threads, activerehashing' },
    ]);
  });
});
