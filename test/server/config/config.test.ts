// CONFIG GET and SET without a server: canonical values, refusals and their texts, all-or-nothing, listeners.
import { describe, expect, it } from 'vitest';
import { ErrorReply } from '../../../src/resp/server-reply.js';
import { Config } from '../../../src/server/config/config.js';
import { ValueRefused } from '../../../src/server/config/kinds.js';

function refusal(action: () => void): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ErrorReply) return error.text;
    throw error;
  }
  return 'accepted';
}
const setting = (config: Config, ...pairs: [string, string][]): string => refusal(() => config.set(pairs));
const about = (name: string, reason: string): string => `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;

describe('Config', () => {
  it('reads defaults by kind', () => {
    const config = new Config();
    expect(config.integer('cluster-node-timeout')).toBe(15000);
    expect(config.flag('protected-mode')).toBe(true);
    expect(config.text('bind')).toBe('* -::*');
    expect(config.integer('proto-max-bulk-len')).toBe(536870912);
    expect(() => config.text('no-such')).toThrow(RangeError);
  });

  it('accepts initial values, of immutable parameters too, and names of either spelling', () => {
    const config = new Config({ port: '0', databases: '4', 'slave-priority': '7', maxmemory: '1gb' });
    expect(config.integer('port')).toBe(0);
    expect(config.integer('databases')).toBe(4);
    expect(config.integer('replica-priority')).toBe(7);
    expect(config.integer('maxmemory')).toBe(1 << 30);
    expect(refusal(() => new Config({ 'no-such': '1' }))).toContain("'no-such'");
    expect(refusal(() => new Config({ port: '70000' }))).toContain('between 0 and 65535');
  });

  it.each([
    ['100', '100'], ['1k', '1000'], ['1kb', '1024'], ['2MB', '2097152'], ['1g', '1000000000'], ['1Gb', '1073741824'], ['7b', '7'],
  ])('reads the amount of memory %s as %s', (given, bytes) => {
    const config = new Config();
    config.set([['maxmemory', given]]);
    expect(config.text('maxmemory')).toBe(bytes);
  });

  it.each([
    ['nosuch', '1', "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"],
    ['maxmemory', '1.5gb', about('maxmemory', 'argument must be a memory value')],
    ['maxmemory', '-1', about('maxmemory', 'argument must be a memory value')],
    ['timeout', '0x10', about('timeout', "argument couldn't be parsed into an integer")],
    ['timeout', '1.5', about('timeout', "argument couldn't be parsed into an integer")],
    ['timeout', '-1', about('timeout', 'argument must be between 0 and 2147483647 inclusive')],
    ['SLAVE-PRIORITY', 'x', about('slave-priority', "argument couldn't be parsed into an integer")],
    ['databases', '3', about('databases', "can't set immutable config")],
    ['dir', '/tmp', about('dir', "can't set protected config")],
    ['protected-mode', 'maybe', about('protected-mode', "argument must be 'yes' or 'no'")],
    ['loglevel', 'x', about('loglevel', 'argument(s) must be one of the following: debug, verbose, notice, warning')],
    ['notify-keyspace-events', 'Q', about('notify-keyspace-events', "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")],
    ['maxmemory-clients', '101%', about('maxmemory-clients', 'percentage argument must be less or equal to 100')],
    ['save', '1', about('save', 'Invalid save parameters')],
    ['cluster-announce-hostname', 'a_b', about('cluster-announce-hostname', 'Hostnames may only contain alphanumeric characters, hyphens or dots')],
    ['oom-score-adj-values', '1', about('oom-score-adj-values', 'wrong number of arguments')],
    ['client-output-buffer-limit', 'foo 1 2 3', about('client-output-buffer-limit', 'Invalid client class specified in buffer limit configuration.')],
    ['ephemeral-port', 'yes', "ERR Unknown option or number of arguments for CONFIG SET - 'ephemeral-port'"],
  ])('refuses %s %s', (name, value, text) => {
    expect(setting(new Config(), [name, value])).toBe(text);
  });

  it('sets all parameters of a CONFIG SET or none', () => {
    const config = new Config();
    expect(setting(config, ['timeout', '5'], ['hz', 'x'])).toBe(about('hz', "argument couldn't be parsed into an integer"));
    expect(config.integer('timeout')).toBe(0);
    expect(setting(config, ['timeout', '5'], ['timeout', '6'])).toBe(about('timeout', 'duplicate parameter'));
    expect(setting(config, ['hz', 'x'], ['nosuch', '1'])).toContain("'nosuch'");
    expect(setting(config, ['slave-priority', '3'], ['replica-priority', '4'])).toBe('accepted');
    expect(config.text('replica-priority')).toBe('4');
  });

  it('notifies listeners of changes, which may refuse them', () => {
    const config = new Config();
    const seen: string[] = [];
    config.onChange('timeout', () => {
      seen.push(config.text('timeout'));
      if (config.text('timeout') === '13') throw new ValueRefused('not that one');
    });
    config.set([['timeout', '5']]);
    config.set([['timeout', '5']]);
    expect(seen).toEqual(['5']);
    expect(setting(config, ['maxclients', '7'], ['timeout', '13'])).toBe(about('timeout', 'not that one'));
    expect([config.text('timeout'), config.text('maxclients')]).toEqual(['5', '10000']);
    expect(seen).toEqual(['5', '13', '5']);
  });

  it('shows parameters by glob in either case, and hides hidden ones', () => {
    const config = new Config();
    expect(config.show('PORT')).toEqual([['port', '6379']]);
    expect(config.show('*-PRIORITY').map(([name]) => name).sort()).toEqual(['replica-priority', 'slave-priority']);
    expect(config.show('ephemeral-port')).toEqual([]);
    expect(config.show('nothing*')).toEqual([]);
  });

  it('changes output buffer limits class by class', () => {
    const config = new Config();
    config.set([['client-output-buffer-limit', 'normal 1mb 2k 3 replica 1 2 3']]);
    expect(config.text('client-output-buffer-limit')).toBe('normal 1048576 2000 3 slave 1 2 3 pubsub 33554432 8388608 60');
  });

  it('keeps sets of words in one order, and lists in a normal form', () => {
    const config = new Config();
    config.set([['shutdown-on-sigterm', 'now nosave'], ['shutdown-on-sigint', 'default force'], ['latency-tracking-info-percentiles', '50.50 0 100']]);
    expect(config.text('shutdown-on-sigterm')).toBe('nosave now');
    expect(config.text('shutdown-on-sigint')).toBe('force');
    expect(config.text('latency-tracking-info-percentiles')).toBe('50.5 0 100');
    config.set([['save', '']]);
    expect(config.text('save')).toBe('');
  });

  it.each(['tls-cluster'])('refuses %s', (name) => {
    const config = new Config();
    expect(setting(config, [name, 'yes'])).toContain(`'${name}'`);
    expect(config.flag(name)).toBe(false);
  });

  it('applies enable-protected-configs', () => {
    const local = new Config({ 'enable-protected-configs': 'local' });
    expect(refusal(() => local.set([['dbfilename', 'x']], false))).toContain("can't set protected config");
    expect(refusal(() => local.set([['dbfilename', 'x']], true))).toBe('accepted');
  });
});
