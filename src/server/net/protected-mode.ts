// Protected mode: a node without a password that listens on all interfaces accepts only connections from its own host
// (persistence-replication.md 5.2).
import { ErrorReply } from '../../resp/server-reply.js';
import type { Config } from '../config/config.js';

const DENIED = new ErrorReply(
  'DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. ' +
    'Connections are accepted from the loopback interface only. To allow others: set a password with requirepass, ' +
    "or bind addresses that only trusted hosts reach and set protected-mode to 'no'.",
);

/** The refusal for a connection from `remote` (`ip:port`), or null. */
export function isRefused(config: Config, remote: string): ErrorReply | null {
  if (!config.flag('protected-mode') || config.text('requirepass') !== '') return null;
  return remote.startsWith('127.') || remote.startsWith('[::1]') ? null : DENIED;
}
