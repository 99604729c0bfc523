// The 16384 slots and their owners: drawn as a map for a person, as ranges for scripts. Pure but for the table of owners.
import type { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { absentOwners } from '../../plan/fix/facts.js';
import type { Io } from '../io.js';
import type { Style } from '../style.js';
import { drawTable } from '../table.js';
import { formatCount } from './check-table.js';

const WIDTH = 64;
/** Slots of one character of the map. */
const CELL = 16;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Who has a slot: by its own account, or, of a master that cannot be reached, by that of the others. */
export interface SlotOwner {
  readonly id: string;
  readonly name: string;
  /** Why it cannot be reached. */
  readonly reason?: string;
}

export interface SlotRun {
  readonly first: number;
  readonly last: number;
  readonly owner: SlotOwner | undefined;
}

/** Owner of every slot: index = slot, undefined = nobody, as far as anybody reachable knows. */
export function slotOwners(view: ClusterView): (SlotOwner | undefined)[] {
  const owners: (SlotOwner | undefined)[] = view.owners();
  for (const { node, slots } of absentOwners(view)) for (const slot of slots) owners[slot] ??= node;
  return owners;
}

/** Slots that nobody reachable takes for anybody's. */
export function ownerless(view: ClusterView): SlotSet {
  return absentOwners(view).reduce((left, { slots }) => left.difference(slots), view.covered().complement());
}

/** `HOST:PORT owns 5461 slots and cannot be reached (fail)`, for each such master. */
export function absenceTexts(view: ClusterView): string[] {
  return absentOwners(view).map(({ node, slots }) => `${node.name} owns ${slots.size} ${slots.size === 1 ? 'slot' : 'slots'} and cannot be reached (${node.reason})`);
}

/** Neighbouring slots of the same owner together, ascending; owner undefined where nobody covers. */
export function slotRuns(view: ClusterView): SlotRun[] {
  const owners = slotOwners(view);
  const runs: SlotRun[] = [];
  let first = 0;
  for (let slot = 1; slot <= SLOT_COUNT; slot++) {
    if (slot < SLOT_COUNT && owners[slot] === owners[first]) continue;
    runs.push({ first, last: slot - 1, owner: owners[first] });
    first = slot;
  }
  return runs;
}

/** One open slot as one side sees it. */
export interface OpenSlot {
  readonly slot: number;
  readonly node: ClusterNode;
  readonly state: 'migrating' | 'importing';
  /** The other side: its name, or its id when it isn't loaded. */
  readonly peer: string;
}

export function openSlotsOf(view: ClusterView): OpenSlot[] {
  const peer = (id: string): string => view.node(id)?.name ?? id;
  return view.nodes
    .flatMap((node) => [
      ...[...node.migrating].map(([slot, id]): OpenSlot => ({ slot, node, state: 'migrating', peer: peer(id) })),
      ...[...node.importing].map(([slot, id]): OpenSlot => ({ slot, node, state: 'importing', peer: peer(id) })),
    ])
    .sort((a, b) => a.slot - b.slot);
}

function openText({ slot, node, state, peer }: OpenSlot): string {
  return `${slot} ${state} ${state === 'migrating' ? 'to' : 'from'} ${peer} on ${node.name}`;
}

/** `FIRST-LAST HOST:PORT ID` a line, `-` for nobody; then a line for each side of an open slot. */
export function plainSlotLines(view: ClusterView): string[] {
  const runs = slotRuns(view).map(({ first, last, owner }) => `${first}-${last} ${owner?.name ?? '-'} ${owner?.id ?? '-'}`);
  return [...runs, ...openSlotsOf(view).map((open) => `open ${openText(open)}`)];
}

/** The character of one cell: the owner's letter, `?` for one out of reach, `·` for nobody, `+` for several, `!` where a slot is open. */
function cellCharacter(owners: readonly (SlotOwner | undefined)[], at: number, letters: ReadonlyMap<string, string>, open: ReadonlySet<number>): string {
  const cell = owners.slice(at, at + CELL);
  if (cell.some((_, index) => open.has(at + index))) return '!';
  const distinct = new Set(cell.map((owner) => owner?.id));
  if (distinct.size > 1) return '+';
  const [owner] = cell;
  if (owner?.reason !== undefined) return '?';
  return owner === undefined ? '·' : (letters.get(owner.id) ?? '#');
}

/** Colours in turn, so that neighbours differ; letters tell the rest, also without colour. */
function painter(style: Style, letters: ReadonlyMap<string, string>): (character: string) => string {
  const colours = [style.accent, style.good, style.warn, style.strong];
  const order = [...letters.values()];
  return (character) => {
    if (character === '!' || character === '·' || character === '?') return style.bad(character);
    const index = order.indexOf(character);
    return index < 0 ? style.faint(character) : (colours[index % colours.length] ?? style.strong)(character);
  };
}

function mapLines(view: ClusterView, style: Style, letters: ReadonlyMap<string, string>): string[] {
  const owners = slotOwners(view);
  const open = new Set(openSlotsOf(view).map(({ slot }) => slot));
  const paint = painter(style, letters);
  const lines: string[] = [];
  for (let start = 0; start < SLOT_COUNT; start += WIDTH * CELL) {
    const cells = Array.from({ length: WIDTH }, (_, index) => paint(cellCharacter(owners, start + index * CELL, letters, open)));
    lines.push(`${style.faint(String(start).padStart(5))} ${cells.join('')}`);
  }
  return lines;
}

/** In the order of their first slots, empty ones last: as the map is read. */
function bySlot(view: ClusterView): ClusterNode[] {
  const first = (node: ClusterNode): number => node.slots.lowest(1)[0] ?? SLOT_COUNT;
  return [...view.masters].sort((a, b) => first(a) - first(b));
}

function lettersOf(view: ClusterView): Map<string, string> {
  const owning = bySlot(view).filter((node) => node.slots.size > 0);
  return new Map(owning.map((node, index) => [node.id, LETTERS[index] ?? '#']));
}

/** The map, who is which letter, and what is wrong. */
export async function slotMap(io: Io, view: ClusterView): Promise<string> {
  const { style } = io;
  const letters = lettersOf(view);
  const paint = painter(style, letters);
  const rows = bySlot(view).map((node) => {
    const letter = letters.get(node.id);
    const tokens = node.slots.tokens();
    const ranges = tokens.length <= 6 ? tokens.join(',') : `${tokens.slice(0, 5).join(',')} and ${tokens.length - 5} more`;
    return [letter === undefined ? '' : paint(letter), node.name, style.faint(node.id.slice(0, 8)), formatCount(node.slots.size), `${((node.slots.size * 100) / SLOT_COUNT).toFixed(1)}%`, ranges];
  });
  const columns = [{ title: '' }, { title: 'master' }, { title: 'id' }, { title: 'slots', align: 'right' as const }, { title: 'share', align: 'right' as const }, { title: '' }];
  const uncovered = ownerless(view);
  const open = openSlotsOf(view);
  const wrong = [
    ...(uncovered.size > 0 ? [`${style.bad('·')} ${uncovered.size} ${uncovered.size === 1 ? 'slot is' : 'slots are'} covered by no node: ${uncovered.tokens().slice(0, 10).join(',')}${uncovered.tokens().length > 10 ? ',…' : ''}`] : []),
    ...absenceTexts(view).map((text) => `${style.bad('?')} ${text}`),
    ...open.slice(0, 20).map((one) => `${style.bad('!')} slot ${openText(one)}`),
    ...(open.length > 20 ? [`${style.bad('!')} and ${open.length - 20} more open slots`] : []),
  ];
  const legend = style.faint(`      a character is ${CELL} slots; + several owners, · nobody, ? owner out of reach, ! open`);
  return [...mapLines(view, style, letters), legend, '', await drawTable(style, columns, rows), ...(wrong.length > 0 ? ['', ...wrong] : [])].join('\n');
}
