// CLUSTER commands in append-only files of Valkey 9.1: an import of slots begins and ends, slots are emptied
// (persistence-replication.md 3.6). They concern all databases. Pure.
import { SlotSet } from '../cluster/slot-set.js';

export type SlotCommand =
  /**
   * The commands that follow bring keys of `slots` from the node `source` (undefined: not known) until the import ends. The
   * server has no keys of these slots before.
   */
  | { readonly kind: 'import-begin'; readonly job: string; readonly source: string | undefined; readonly slots: SlotSet }
  /**
   * `failed`: the server has dropped every key of the slots; no command in the file says so. `restarted`: it stopped during
   * the import; on start it kept the keys if its nodes.conf gave it the slots, and dropped them otherwise.
   */
  | { readonly kind: 'import-end'; readonly job: string; readonly outcome: 'success' | 'failed' | 'restarted' }
  | { readonly kind: 'flush-slots'; readonly slots: SlotSet };

const RESTARTED = 'Process restarted';

/** The words after `name`, up to the end. */
function after(command: readonly string[], name: string): readonly string[] {
  const at = command.findIndex((word, index) => index > 2 && word.toUpperCase() === name);
  return at < 0 ? [] : command.slice(at + 1);
}

/** Pairs of first and last slot; undefined when a word is none. */
function slotsOf(words: readonly string[]): SlotSet | undefined {
  if (words.length === 0 || words.length % 2 !== 0 || !words.every((word) => /^\d{1,5}$/.test(word))) return undefined;
  const ranges: [number, number][] = [];
  for (let at = 0; at < words.length; at += 2) ranges.push([Number(words[at]), Number(words[at + 1])]);
  try {
    return SlotSet.fromRanges(ranges);
  } catch {
    return undefined;
  }
}

function importBegin(command: readonly string[]): SlotCommand | undefined {
  const [job, source] = [after(command, 'NAME')[0], after(command, 'SOURCE')[0]];
  const slots = slotsOf(after(command, 'SLOTSRANGE'));
  return job === undefined || source === undefined || slots === undefined ? undefined : { kind: 'import-begin', job, source, slots };
}

function importEnd(command: readonly string[]): SlotCommand | undefined {
  const [job, state] = [after(command, 'NAME')[0], after(command, 'STATE')[0]];
  if (job === undefined || state === undefined) return undefined;
  const [message] = after(command, 'MESSAGE');
  return { kind: 'import-end', job, outcome: state.toUpperCase() === 'SUCCESS' ? 'success' : message === RESTARTED ? 'restarted' : 'failed' };
}

/** Undefined for other CLUSTER commands, and for arguments that the server does not write. */
export function slotCommand(command: readonly string[]): SlotCommand | undefined {
  const [, subcommand = '', verb = ''] = command.map((word) => word.toUpperCase());
  if (subcommand === 'FLUSHSLOT') {
    const slots = slotsOf([verb, verb]);
    return slots === undefined ? undefined : { kind: 'flush-slots', slots };
  }
  if (subcommand !== 'SYNCSLOTS') return undefined;
  if (verb === 'ESTABLISH') return importBegin(command);
  return verb === 'FINISH' ? importEnd(command) : undefined;
}
