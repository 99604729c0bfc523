// The lines that redis-cli and redis-trib.rb word differently (cli.md 4, 8.14), as a table for the views. Pure. Lines of only
// one of them are in the view of the subcommand.
import type { SlotSet } from '../../cluster/slot-set.js';
import type { LineDialect } from '../terminal.js';

export interface Wording {
  /** check and fix begin with the info block. */
  readonly infoFirst: boolean;
  /** A master without replicas has the line `0 additional replica(s)`. */
  readonly countsNoReplicas: boolean;
  /** A node list is indented in all lines, not only in the first of each node. */
  readonly indentsAll: boolean;
  /** Lines that follow the line about uncovered slots. */
  readonly afterUncovered: readonly string[];
  /** The dots that show the waiting are on the same line as the text. */
  readonly dotsOnLine: boolean;
  /** The heading about uncovered slots, in each spelling. */
  readonly following: string;
  /** The name of the timeout in set-timeout's error, in each spelling. */
  readonly nodeTimeout: string;
  /** The slots of a node, as ranges. */
  ranges(slots: SlotSet): string;
  /** The slots of a fix. */
  slotList(slots: SlotSet): string;
  /** The open slots of one node, up to the end of the line. */
  openOfNode(slots: readonly number[]): string;
  /** The open slots of all nodes, in node order, up to the end of the line. */
  openOfAll(slots: readonly (readonly number[])[]): string;
  /** The sum of weights, rounded to 32 bits by planning. */
  weight(total: number): string;
  /** A threshold in percent, without its sign. */
  percent(threshold: number): string;
  /** The heading of call. */
  command(words: readonly string[]): string;
  /** The text of import after a key that already exists on the target. */
  busyKey(source: string): string;
}

const BUSYKEY = 'ERR Target instance replied with error: BUSYKEY Target key name already exists.';

function unique(slots: readonly (readonly number[])[]): number[] {
  return [...new Set(slots.flat())];
}

/** The digits that a 32-bit float represents exactly. */
function shortest(value: number): string {
  return String(Number(value.toPrecision(7)));
}

const REDIS_CLI: Wording = {
  infoFirst: true,
  countsNoReplicas: false,
  indentsAll: true,
  afterUncovered: [''],
  dotsOnLine: false,
  following: 'following',
  nodeTimeout: 'node-timeout',
  ranges: (slots) => slots.toBracketText(),
  slotList: (slots) => slots.toBracketText(),
  openOfNode: (slots) => `${slots.join(',')}.`,
  // Ascending; redis-cli's order is that of its hash table.
  openOfAll: (slots) => `${unique(slots).sort((a, b) => a - b).join(',')}.`,
  weight: (total) => total.toFixed(2),
  percent: (threshold) => threshold.toFixed(2),
  command: (words) => words.join(' '),
  busyKey: (source) => `Source ${source} replied with error:\n${BUSYKEY}`,
};

const REDIS_TRIB_RB: Wording = {
  infoFirst: false,
  countsNoReplicas: true,
  indentsAll: false,
  afterUncovered: [],
  dotsOnLine: true,
  following: 'folowing', // sic
  nodeTimeout: 'node-timeot', // sic
  ranges: (slots) => slots.toString(),
  slotList: (slots) => slots.toArray().join(','),
  openOfNode: (slots) => `(${slots.join(',')}).`,
  // In the order first seen (cli.md 2.4).
  openOfAll: (slots) => unique(slots).join(','),
  weight: shortest,
  // A Ruby float always has a fraction.
  percent: (threshold) => (Number.isInteger(threshold) ? threshold.toFixed(1) : String(threshold)),
  // ASCII letters only, since the words are bytes.
  command: ([name = '', ...rest]) => [name.replace(/[a-z]+/g, (letters) => letters.toUpperCase()), ...rest].join(' '),
  busyKey: () => BUSYKEY,
};

const WORDINGS: Readonly<Record<LineDialect, Wording>> = { 'redis-cli': REDIS_CLI, 'redis-trib.rb': REDIS_TRIB_RB };

/** The wording of a dialect. */
export function wordingOf(dialect: LineDialect): Wording {
  return WORDINGS[dialect];
}
