// Help texts: the list of subcommands, and the parts that commander's help of one subcommand lacks. Pure: returns text.
import type { Subcommand, CommandEntry } from './define.js';
import type { Style } from '../../ui/style.js';

/** The page of `redis-trib help`: purpose, first steps, the list. */
export function overview(entries: readonly CommandEntry[], style: Style): string {
  const width = Math.max(...entries.map((entry) => entry.name.length)) + 2;
  const list = entries.map((entry) => `  ${style.accent(entry.name.padEnd(width))}${entry.summary}`);
  return [
    `${style.strong('redis-trib')}: create, check, reshard and watch Redis and Valkey clusters`,
    '',
    style.strong('Usage'),
    '  redis-trib COMMAND [options] HOST:PORT …',
    '  redis-trib --cluster COMMAND HOST:PORT … [--cluster-options]   (as redis-cli)',
    '',
    style.strong('Try'),
    '  redis-trib demo                                                a reshard under load; requires only Node',
    '  redis-trib local up                                            a cluster of six nodes on this machine',
    '  redis-trib create --replicas 1 10.0.0.1:7000 10.0.0.2:7000 …   a cluster of your servers',
    '  redis-trib check 127.0.0.1:7000                                check whether it is healthy',
    '',
    style.strong('Commands'),
    ...list,
    '',
    style.strong('Everywhere'),
    '  --json                     one JSON document, also for errors',
    '  -a, --askpass, --user …    credentials (also REDISCLI_AUTH); --tls … for TLS',
    '  --yes, --dry-run           for commands that change something',
    '  -h, --help, --version',
    '',
    'Exit code: 0 ok, 1 failed or unhealthy, 2 wrong usage, 3 unreachable or refused, 4 declined, 130 interrupted.',
    'The spellings of redis-cli and redis-trib.rb work too: --slave, --master-id, --cluster-yes, --cluster-from, …',
    "'redis-trib help COMMAND' describes one command, 'redis-trib help environment' the environment variables.",
  ].join('\n');
}

/** Text after commander's help of one subcommand. */
export function examplesText(command: Subcommand, style: Style): string {
  return ['', style.strong('Examples:'), ...command.examples.map((example) => `  ${example}`)].join('\n');
}
