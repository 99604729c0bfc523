// The options that every subcommand has, those of every one that connects, and those of every one that changes
// something. Spellings: specs/cli.md 1.3 (redis-cli's and redis-trib.rb's), specs/ux.md B.1 for the rest.
import { choice, decimal, flag, list, text } from './options.js';

export const terminalOptions = {
  json: flag('print one JSON document'),
  output: choice(['table', 'plain', 'json'], 'table for a person, plain for grep, json for programs', { short: 'o', env: ['REDIS_TRIB_OUTPUT'], config: 'output' }),
  quiet: flag('no progress, no notes', { short: 'q' }),
  noColor: flag('no colours (also NO_COLOR)'),
  noInput: flag('never ask; fail instead'),
  verbose: flag('say more'),
  debug: flag('show stack traces of errors'),
} as const;

/** Of every subcommand that connects: the others print nothing that the predecessors had (and `local logs` counts lines). */
export const lineOptions = {
  lines: choice(['redis-cli', 'redis-trib.rb'], 'whose lines plain output has (default redis-cli; redis-trib.rb when called by that name)', { env: ['REDIS_TRIB_LINES'], config: 'lines' }),
} as const;

export const connectionOptions = {
  password: text('PASSWORD', 'password of the nodes (better: REDISCLI_AUTH, --password-file, --askpass)', { short: 'a', aliases: ['pass'], config: 'password' }),
  user: text('NAME', 'ACL user', { env: ['REDIS_TRIB_USER'], config: 'user' }),
  passwordFile: text('FILE', 'read the password from a file, - for stdin', { env: ['REDIS_TRIB_PASSWORD_FILE'], config: 'passwordFile' }),
  askpass: flag('ask for the password without echo'),
  noAuthWarning: flag('no warning about a password on the command line'),
  uri: text('URI', 'take user, password and TLS from a redis:// URI', { short: 'u', hidden: true }),
  tls: flag('speak TLS to the nodes', { env: ['REDIS_TRIB_TLS'], config: 'tls' }),
  cacert: text('FILE', 'CA certificates that the nodes are verified with', { env: ['REDIS_TRIB_CACERT'], config: 'cacert' }),
  cacertdir: text('DIR', 'directory of CA certificates', { config: 'cacertdir' }),
  cert: text('FILE', 'client certificate', { env: ['REDIS_TRIB_CERT'], config: 'cert' }),
  key: text('FILE', 'private key of the client certificate', { env: ['REDIS_TRIB_KEY'], config: 'key' }),
  sni: text('HOST', 'server name for TLS', { config: 'sni' }),
  insecure: flag('accept any certificate', { config: 'insecure' }),
  tlsCiphers: text('LIST', 'TLS 1.2 ciphers', { hidden: true }),
  tlsCiphersuites: text('LIST', 'TLS 1.3 cipher suites', { hidden: true }),
  addressMap: list('ANNOUNCED=REACHABLE', 'where nodes are reached that announce addresses of another network: 10.0.0.1:6379=127.0.0.1:7001, 10.0.0.1=HOST, *=HOST', { env: ['REDIS_TRIB_ADDRESS_MAP'], config: 'addressMap' }),
  connectTimeout: decimal('SECONDS', 'give up connecting after this long', { short: 't', min: 0.001, fallback: 5, env: ['REDIS_TRIB_CONNECT_TIMEOUT'], config: 'connectTimeout' }),
  commandTimeout: decimal('SECONDS', 'give up waiting for a reply after this long', { min: 0.001, fallback: 30, env: ['REDIS_TRIB_COMMAND_TIMEOUT'], config: 'commandTimeout' }),
  ipv4: flag('names of hosts mean IPv4 addresses', { short: '4', hidden: true }),
  ipv6: flag('names of hosts mean IPv6 addresses', { short: '6', hidden: true }),
  resp2: flag('', { short: '2', hidden: true }),
  resp3: flag('', { short: '3', hidden: true }),
  redirects: flag('', { short: 'c', hidden: true }), // redis-cli's -c, which means nothing beside --cluster; aliases have it
} as const;

export const mutationOptions = {
  // redis-cli takes exactly `1` from its variable (cli.md 1.3), valkey-cli from either (1.1).
  yes: flag("don't ask, go ahead (also REDISCLI_CLUSTER_YES=1)", { short: 'y', env: ['VALKEYCLI_CLUSTER_YES', 'REDISCLI_CLUSTER_YES'], accept: ['1'] }),
  dryRun: flag('show what would be done and stop'),
} as const;

/** Scripts have it on every line: where nothing is ever asked it means nothing, as in redis-cli. */
export const idleOptions = {
  yes: flag('', { short: 'y', hidden: true }),
} as const;

/** redis-cli's, of which the predecessors' habit puts them before the subcommand. Only `call` has them. */
export const stdinOptions = {
  stdinLast: flag('the last word of the command is what stands on stdin, byte by byte', { short: 'x' }),
  stdinTag: text('TAG', 'what stands on stdin takes the place of the first word TAG of the command', { short: 'X' }),
} as const;
