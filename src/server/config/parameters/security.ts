// Parameters of authentication, ACL, dangerous commands and TLS.
import { INT, LONG, bool, integer, oneOf, text } from '../kinds.js';
import { acted, kept } from '../parameter.js';
import type { Parameter } from '../parameter.js';

const DANGEROUS = oneOf('no', 'yes', 'local');
const IMMUTABLE = { immutable: true };

export const securityParameters: readonly Parameter[] = [
  acted('requirepass', text(), ''),
  kept('aclfile', text(), '', IMMUTABLE),
  kept('acl-pubsub-default', oneOf('allchannels', 'resetchannels'), 'resetchannels'),
  kept('acllog-max-len', integer(0n, LONG), '128'),
  acted('enable-protected-configs', DANGEROUS, 'no', IMMUTABLE),
  acted('enable-debug-command', DANGEROUS, 'no', IMMUTABLE),
  kept('enable-module-command', DANGEROUS, 'no', IMMUTABLE),
];

export const tlsParameters: readonly Parameter[] = [
  kept('tls-port', integer(0n, 65_535n), '0'),
  kept('tls-cluster', bool, 'no'),
  kept('tls-replication', bool, 'no'),
  kept('tls-auth-clients', oneOf('no', 'yes', 'optional'), 'yes'),
  kept('tls-prefer-server-ciphers', bool, 'no'),
  kept('tls-session-caching', bool, 'yes'),
  kept('tls-session-cache-size', integer(0n, INT), '20480'),
  kept('tls-session-cache-timeout', integer(0n, INT), '300'),
  kept('tls-cert-file', text(), ''),
  kept('tls-key-file', text(), ''),
  kept('tls-key-file-pass', text(), ''),
  kept('tls-client-cert-file', text(), ''),
  kept('tls-client-key-file', text(), ''),
  kept('tls-client-key-file-pass', text(), ''),
  kept('tls-dh-params-file', text(), ''),
  kept('tls-ca-cert-file', text(), ''),
  kept('tls-ca-cert-dir', text(), ''),
  kept('tls-protocols', text(), ''),
  kept('tls-ciphers', text(), ''),
  kept('tls-ciphersuites', text(), ''),
];
