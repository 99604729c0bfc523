// Slot ranges as the commands of atomic migration take them: pairs of words.
import { SlotSet } from '../../src/cluster/slot-set.js';
import { ErrorReply } from '../../src/resp/server-reply.js';

/** The slots of `s e [s e …]`, or the refusal both designs give. */
export function readRanges(words: readonly string[]): SlotSet | ErrorReply {
  const set = new SlotSet();
  if (words.length === 0 || words.length % 2 !== 0) return new ErrorReply('ERR wrong number of slots');
  for (let at = 0; at < words.length; at += 2) {
    const [first, last] = [words[at], words[at + 1]].map((word) => (/^\d{1,5}$/.test(word ?? '') ? Number(word) : Infinity)) as [number, number];
    if (first > 16_383 || last > 16_383) return new ErrorReply('ERR Invalid or out of range slot');
    if (first > last) return new ErrorReply(`ERR start slot number ${first} is greater than end slot number ${last}`);
    const range = SlotSet.fromRanges([[first, last]]);
    if (range.intersection(set).size > 0) return new ErrorReply('ERR slot ranges overlap');
    set.addRange(first, last);
  }
  return set;
}
