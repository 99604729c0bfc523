// Parameters of authentication, ACL, dangerous commands and TLS.
import { INT, LONG, bool, integer, oneOf, text } from '../kinds.js';
import { effective, ignored } from '../parameter.js';
import type { Parameter } from '../parameter.js';

const DANGEROUS = oneOf('no', 'yes', 'local');
const SECRET = { secret: true };
const IMMUTABLE = { immutable: true };

export const securityParameters: readonly Parameter[] = [
  effective('requirepass', text(), '', SECRET),
  ignored('aclfile', text(), '', IMMUTABLE),
  ignored('acl-pubsub-default', oneOf('allchannels', 'resetchannels'), 'resetchannels'),
  ignored('acllog-max-len', integer(0n, LONG), '128'),
  effective('enable-protected-configs', DANGEROUS, 'no', IMMUTABLE),
  effective('enable-debug-command', DANGEROUS, 'no', IMMUTABLE),
  ignored('enable-module-command', DANGEROUS, 'no', IMMUTABLE),
];

export const tlsParameters: readonly Parameter[] = [
  ignored('tls-port', integer(0n, 65_535n), '0'),
  ignored('tls-cluster', bool, 'no'),
  effective('tls-replication', bool, 'no'),
  ignored('tls-auth-clients', oneOf('no', 'yes', 'optional'), 'yes'),
  ignored('tls-prefer-server-ciphers', bool, 'no'),
  ignored('tls-session-caching', bool, 'yes'),
  ignored('tls-session-cache-size', integer(0n, INT), '20480'),
  ignored('tls-session-cache-timeout', integer(0n, INT), '300'),
  effective('tls-cert-file', text(), ''),
  effective('tls-key-file', text(), ''),
  effective('tls-key-file-pass', text(), '', SECRET),
  effective('tls-client-cert-file', text(), ''),
  effective('tls-client-key-file', text(), ''),
  effective('tls-client-key-file-pass', text(), '', SECRET),
  ignored('tls-dh-params-file', text(), ''),
  effective('tls-ca-cert-file', text(), ''),
  effective('tls-ca-cert-dir', text(), ''),
  effective('tls-protocols', text(), ''),
  effective('tls-ciphers', text(), ''),
  effective('tls-ciphersuites', text(), ''),
];
