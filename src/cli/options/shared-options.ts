// The options of every subcommand, of every one that connects, and of every one that changes something. Spellings: cli.md 1.3
// (redis-cli's and redis-trib.rb's); the rest are our own.
import { bytes } from './mover-options.js';
import { choice, decimal, flag, list, text } from './options.js';

export const terminalOptions = {
  json: flag('print one JSON document'),
  output: choice(['table', 'plain', 'json'], 'table for a terminal, plain for scripts, json for programs', { short: 'o', env: ['REDIS_TRIB_OUTPUT'], config: 'output' }),
  quiet: flag('no progress, no notes', { short: 'q' }),
  noColor: flag('no colours (also NO_COLOR)'),
  noInput: flag('never ask; fail instead'),
  verbose: flag('say more'),
  debug: flag('show stack traces of errors'),
} as const;

/**
 * For subcommands that connect. The others print nothing in the predecessors' format (and `local logs` has a --lines of its
 * own).
 */
export const lineOptions = {
  lines: choice(['redis-cli', 'redis-trib.rb'], 'format of plain output (default redis-cli; redis-trib.rb when called by that name)', { env: ['REDIS_TRIB_LINES'], config: 'lines' }),
} as const;

export const connectionOptions = {
  password: text('PASSWORD', 'password of the nodes (better: REDISCLI_AUTH, --password-file, --askpass)', { short: 'a', aliases: ['pass'], lastEnv: ['VALKEYCLI_AUTH', 'REDISCLI_AUTH'], config: 'password' }),
  user: text('NAME', 'ACL user', { env: ['REDIS_TRIB_USER'], config: 'user' }),
  passwordFile: text('FILE', 'read the password from a file, - for stdin', { env: ['REDIS_TRIB_PASSWORD_FILE'], config: 'passwordFile' }),
  askpass: flag('ask for the password, without echo'),
  noAuthWarning: flag('no warning about a password on the command line'),
  uri: text('URI', 'take user, password and TLS from a redis:// URI', { short: 'u', hidden: true }),
  tls: flag('use TLS to connect to the nodes', { env: ['REDIS_TRIB_TLS'], config: 'tls' }),
  cacert: text('FILE', 'CA certificates for verifying the nodes', { env: ['REDIS_TRIB_CACERT'], config: 'cacert' }),
  cacertdir: text('DIR', 'directory of CA certificates', { config: 'cacertdir' }),
  cert: text('FILE', 'client certificate', { env: ['REDIS_TRIB_CERT'], config: 'cert' }),
  key: text('FILE', 'private key of the client certificate', { env: ['REDIS_TRIB_KEY'], config: 'key' }),
  sni: text('HOST', 'server name for TLS', { config: 'sni' }),
  insecure: flag('accept any certificate', { config: 'insecure' }),
  tlsCiphers: text('LIST', 'TLS 1.2 ciphers', { hidden: true }),
  tlsCiphersuites: text('LIST', 'TLS 1.3 cipher suites', { hidden: true }),
  addressMap: list('ANNOUNCED=REACHABLE', 'maps announced addresses to reachable ones: 10.0.0.1:6379=127.0.0.1:7001, 10.0.0.1=HOST, *=HOST', { env: ['REDIS_TRIB_ADDRESS_MAP'], config: 'addressMap' }),
  connectTimeout: decimal('SECONDS', 'timeout of connecting (default 5; 2 for check, info, nodes and slots)', { short: 't', min: 0.001, fallback: 5, env: ['REDIS_TRIB_CONNECT_TIMEOUT'], config: 'connectTimeout' }),
  commandTimeout: decimal('SECONDS', 'timeout of a reply (default 30; 3 for check, info, nodes and slots)', { min: 0.001, fallback: 30, env: ['REDIS_TRIB_COMMAND_TIMEOUT'], config: 'commandTimeout' }),
  projectSettings: choice(['use', 'ignore'], 'use or ignore the connection settings of a ./.redis-trib.json that you have not permitted yet (default: ask)', { env: ['REDIS_TRIB_PROJECT_SETTINGS'] }),
  maxReply: bytes('BYTES', 'maximum memory of one reply (default 1GiB)', { env: ['REDIS_TRIB_MAX_REPLY'], config: 'maxReply' }),
  ipv4: flag('resolve host names to IPv4 addresses', { short: '4', hidden: true }),
  ipv6: flag('resolve host names to IPv6 addresses', { short: '6', hidden: true }),
  resp2: flag('', { short: '2', hidden: true }),
  resp3: flag('', { short: '3', hidden: true }),
  redirects: flag('', { short: 'c', hidden: true }), // redis-cli's -c, which has no effect with --cluster; users' shell aliases contain it
} as const;

/** For read-only subcommands: other nodes report the state of an unreachable one, so short timeouts suffice. */
export const quickConnectionOptions = {
  ...connectionOptions,
  connectTimeout: { ...connectionOptions.connectTimeout, fallback: 2 },
  commandTimeout: { ...connectionOptions.commandTimeout, fallback: 3 },
} as const;

export const mutationOptions = {
  // redis-cli accepts exactly `1` from its variable (cli.md 1.3), valkey-cli from either (1.1).
  yes: flag('do not ask (also VALKEYCLI_CLUSTER_YES=1 or REDISCLI_CLUSTER_YES=1)', { short: 'y', env: ['VALKEYCLI_CLUSTER_YES', 'REDISCLI_CLUSTER_YES'], accept: ['1'] }),
  dryRun: flag('show what would be done, and change nothing'),
} as const;

/** Accepted and ignored where no question is asked, as in redis-cli: scripts pass it on every line. */
export const ignoredOptions = {
  yes: flag('', { short: 'y', hidden: true }),
} as const;

/** redis-cli's options, usually before the subcommand. Only `call` has them. */
export const stdinOptions = {
  stdinLast: flag('append stdin, unchanged, as the last argument', { short: 'x' }),
  stdinTag: text('TAG', 'replace the first argument that equals TAG with stdin', { short: 'X' }),
} as const;
