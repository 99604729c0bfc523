// Why a MIGRATE was refused, and what to do: the source's own reply, or the target's in `Target instance replied with error`.
import { missingRule } from '../../../client/connection-errors.js';

/** Advice for the error reply of a MIGRATE. `otherwise`: for causes that are not known. */
export function migrateHint(message: string, otherwise = 'run check; fix completes or closes open slots'): string {
  if (/\bIOERR\b/.test(message)) return 'the source could not reach the target, or the target was too slow: check the target, or raise --timeout';
  if (/^(ERR )?NOPERM\b/.test(message)) return `on the source, ${missingRule(message)}`;
  if (/permissions? to access .* keys?\b/i.test(message)) return `on the target, ${missingRule(message)}`;
  if (/NOAUTH|WRONGPASS|NOPERM|AUTH/.test(message)) return 'MIGRATE logs in to the target with the same user and password as redis-trib: check the permissions of that user there (RESTORE, SELECT)';
  if (/\bOOM\b/.test(message)) return 'the target is out of memory: raise its maxmemory or move fewer slots';
  if (/does not store values of that type/.test(message)) return 'the target is a bundled node, which stores neither streams, module values nor hashes with field expiry: delete the key, or move the slot to another server; fix closes the slot';
  if (/READONLY/.test(message)) return 'the target is a replica now: run check, then make a new plan';
  if (/\bMOVED\b/.test(message)) return 'the slot has another owner now: run check, then make a new plan';
  return otherwise;
}
