// The texts of help: the list of subcommands, and what commander's own help of one subcommand lacks. Pure: returns text.
import type { Command, CommandEntry } from './define.js';
import type { Style } from '../ui/style.js';

/** The page of `redis-trib help`: what it is, how to start, the list. */
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
    '  redis-trib demo                                                see a reshard under load, nothing needed but Node',
    '  redis-trib local up                                            a cluster of three nodes on this machine',
    '  redis-trib create --replicas 1 10.0.0.1:7000 10.0.0.2:7000 …   a cluster of your servers',
    '  redis-trib check 127.0.0.1:7000                                is it healthy?',
    '',
    style.strong('Commands'),
    ...list,
    '',
    style.strong('Everywhere'),
    '  --json                     one JSON document, errors too',
    '  -a, --askpass, --user …    credentials (also REDISCLI_AUTH); --tls … for TLS',
    '  --yes, --dry-run           of commands that change something',
    '  -h, --help, --version',
    '',
    'Exit code: 0 fine, 1 failed or unhealthy, 2 wrong usage, 3 unreachable or refused, 4 you said no, 130 interrupted.',
    "'redis-trib help COMMAND' tells all about one.",
  ].join('\n');
}

/** Text behind commander's help of one subcommand. */
export function examplesText(command: Command, style: Style): string {
  return ['', style.strong('Examples:'), ...command.examples.map((example) => `  ${example}`)].join('\n');
}
