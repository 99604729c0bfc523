// Configuration values for hot paths: plain fields updated by CONFIG SET.
import { machineMemory } from './runtime/machine-memory.js';
import type { Config } from './config/config.js';
import type { EncodingLimits } from './types/limits.js';

/** Limits of small encodings, following the configuration. */
export class LiveLimits implements EncodingLimits {
  hashMaxListpackEntries = 0;
  hashMaxListpackValue = 0;
  setMaxIntsetEntries = 0;
  zsetMaxListpackEntries = 0;
  zsetMaxListpackValue = 0;
  listMaxListpackSize = 0;

  constructor(config: Config) {
    follow(config, 'hash-max-listpack-entries', (n) => (this.hashMaxListpackEntries = n));
    follow(config, 'hash-max-listpack-value', (n) => (this.hashMaxListpackValue = n));
    follow(config, 'set-max-intset-entries', (n) => (this.setMaxIntsetEntries = n));
    follow(config, 'zset-max-listpack-entries', (n) => (this.zsetMaxListpackEntries = n));
    follow(config, 'zset-max-listpack-value', (n) => (this.zsetMaxListpackValue = n));
    follow(config, 'list-max-listpack-size', (n) => (this.listMaxListpackSize = n));
  }
}

/** Limits of a connection, following the configuration. */
export class NetSettings {
  maxBulk = 0;
  maxQuery = 0;
  maxClients = 0;
  idleSeconds = 0;
  /** Maximum bytes of output, or of one request, that one client may make the node hold, regardless of the configuration. */
  readonly outputCeiling = Math.floor(machineMemory() / 3);

  constructor(config: Config) {
    follow(config, 'proto-max-bulk-len', (n) => (this.maxBulk = n));
    follow(config, 'client-query-buffer-limit', (n) => (this.maxQuery = n));
    follow(config, 'maxclients', (n) => (this.maxClients = n));
    follow(config, 'timeout', (n) => (this.idleSeconds = n));
  }
}

/** Applies an integer parameter now and after every change. */
export function follow(config: Config, name: string, apply: (value: number) => void): void {
  apply(config.integer(name));
  config.onChange(name, () => apply(config.integer(name)));
}
