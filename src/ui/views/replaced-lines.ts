// Sentences about masters that were replaced while keys went to them: which keys are missing, and what to do. Pure.
import { isLoss, type ReplacedMaster } from '../../import/replaced-masters.js';
import { replacedText } from '../../import/replaced-text.js';

/** Masters whose keys are or may be missing, and `advice`; nothing when there is none. */
export function lossLines(replaced: readonly ReplacedMaster[], advice: string): string[] {
  const losses = replaced.filter(isLoss);
  return losses.length === 0 ? [] : [...losses.map((master) => `${replacedText(master)}.`), advice];
}

/** Replaced masters whose keys are there. */
export function survivedLines(replaced: readonly ReplacedMaster[]): string[] {
  return replaced.filter((master) => !isLoss(master)).map(replacedText);
}

/** What to do about keys that left a source and are missing. */
export const MOVED_ADVICE = 'They are on the source no more: load them from a backup of it. With --wait-replicas a key leaves the source only when replicas have it.';
