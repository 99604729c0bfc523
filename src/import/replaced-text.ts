// Sentences about masters that were replaced during an import. Pure.
import { isLoss, type ReplacedMaster } from './replaced-masters.js';

function event({ id, name, how, by }: ReplacedMaster): string {
  if (how === 'unreachable') return `${name} does not reply, and no replica has taken over its slots`;
  if (how === 'restart') return `${name} was restarted during the import`;
  return by?.id === id ? `${name} was a replica for a while during the import` : `${name} was replaced by ${by?.name ?? 'another node'} during the import`;
}

function consequence({ how, missing, sentAgain }: ReplacedMaster): string {
  const without = how === 'restart' ? 'it had not saved' : 'its replicas did not have';
  if (sentAgain) return 'its keys were sent again';
  if (how === 'unreachable') return 'keys that arrived there may be missing';
  if (missing === null) return `keys that ${without} may be missing`;
  if (missing === 0) return 'its slots hold as many keys as expected';
  return `its slots lack ${missing} ${missing === 1 ? 'key' : 'keys'} that had arrived and that ${without}`;
}

/**
 * As `127.0.0.1:7000 was replaced by 127.0.0.1:7003 during the import: its slots lack 12 keys that had arrived and that its
 * replicas did not have`.
 */
export function replacedText(master: ReplacedMaster): string {
  return `${event(master)}: ${consequence(master)}`;
}

/** The masters whose keys are or may be missing, in one sentence; undefined when there is none. */
export function lossText(replaced: readonly ReplacedMaster[]): string | undefined {
  const losses = replaced.filter(isLoss).map(replacedText);
  return losses.length === 0 ? undefined : losses.join('; ');
}

/** Keys known to be missing because of replaced masters. */
export function missingKeys(replaced: readonly ReplacedMaster[]): number {
  return replaced.filter(isLoss).reduce((sum, { missing }) => sum + (missing ?? 0), 0);
}
