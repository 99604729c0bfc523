// The commands of Redis 7.0 that this node lacks. A client that calls one gets "not supported" instead of "unknown command".
// COMMAND does not list them. Remove a command from this list when adding it; a parity test compares the list with
// redis-server.

/** Top-level commands, with all their subcommands. */
const COMMANDS = `
  acl
  bitcount bitfield bitfield_ro bitop bitpos getbit setbit
  eval eval_ro evalsha evalsha_ro fcall fcall_ro function script
  geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore
  module
  pfadd pfcount pfdebug pfmerge pfselftest
  xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim
`;

/** Subcommands of commands that this node has, as `container|subcommand`. */
const SUBCOMMANDS = `
  debug|aof-flush-sleep debug|assert debug|config-rewrite-force-all debug|crash-and-recover debug|leak
  debug|htstats debug|htstats-key debug|replicate debug|mallctl debug|mallctl-str
  debug|drop-cluster-packet-filter debug|oom debug|panic debug|restart debug|sdslen
  debug|quicklist-packed-threshold debug|set-skip-checksum-validation debug|stringmatch-test debug|structsize debug|listpack
  debug|quicklist debug|client-eviction debug|pause-cron debug|replybuffer debug|clusterlink
`;

const MISSING = new Set(`${COMMANDS} ${SUBCOMMANDS}`.trim().split(/\s+/));

/** Whether Redis 7.0 has a command that this node lacks. `fullName` in any case, subcommands as `debug|reload`. */
export const isMissing = (fullName: string): boolean => MISSING.has(fullName.toLowerCase());

/** All of them, for the comparison with a real server. */
export const missingCommands: readonly string[] = [...MISSING];
