// The 16384 slots and their owners: a map at a terminal, ranges for scripts. Pure except for the table of owners.
import type { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { absentOwners } from '../../plan/fix/facts.js';
import type { Io } from '../io.js';
import type { Style } from '../style.js';
import { drawTable } from '../table.js';
import { formatCount } from './check-table.js';

const WIDTH = 64;
/** Width on a terminal that is too narrow for it. */
const NARROW = 32;
/** Slots per character of the map. */
const CELL = 16;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The owner of a slot: by its own view, or, when it is unreachable, by the view of other nodes. */
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

/** Owner of every slot: index = slot, undefined = no owner known to any reachable node. */
export function slotOwners(view: ClusterView): (SlotOwner | undefined)[] {
  const owners: (SlotOwner | undefined)[] = view.owners();
  for (const { node, slots } of absentOwners(view)) for (const slot of slots) owners[slot] ??= node;
  return owners;
}

/** Slots without an owner on any reachable node. */
export function ownerless(view: ClusterView): SlotSet {
  return absentOwners(view).reduce((left, { slots }) => left.difference(slots), view.covered().complement());
}

/** `HOST:PORT owns 5461 slots and cannot be reached (fail)`, for each such master. */
export function absenceTexts(view: ClusterView): string[] {
  return absentOwners(view).map(({ node, slots }) => `${node.name} owns ${slots.size} ${slots.size === 1 ? 'slot' : 'slots'} and cannot be reached (${node.reason})`);
}

/** Adjacent slots of the same owner together, ascending; owner undefined for uncovered slots. */
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

/** One open slot as one of the two nodes shows it. */
export interface OpenSlot {
  readonly slot: number;
  readonly node: ClusterNode;
  readonly state: 'migrating' | 'importing';
  /** The other node: its name, or its id when it is not loaded. */
  readonly peer: string;
}

export function openSlotsOf(view: ClusterView): OpenSlot[] {
  const peer = (id: string): string => view.node(id)?.name ?? id;
  return view.nodes
    .flatMap((node) => {
      const { migrating, importing } = view.openSlots(node);
      return [
        ...[...migrating].map(([slot, id]): OpenSlot => ({ slot, node, state: 'migrating', peer: peer(id) })),
        ...[...importing].map(([slot, id]): OpenSlot => ({ slot, node, state: 'importing', peer: peer(id) })),
      ];
    })
    .sort((a, b) => a.slot - b.slot);
}

function openText({ slot, node, state, peer }: OpenSlot): string {
  return `${slot} ${state} ${state === 'migrating' ? 'to' : 'from'} ${peer} on ${node.name}`;
}

/** `FIRST-LAST HOST:PORT ID` per line, `-` for no owner; then a line for each open slot on each node. */
export function plainSlotLines(view: ClusterView): string[] {
  const runs = slotRuns(view).map(({ first, last, owner }) => `${first}-${last} ${owner?.name ?? '-'} ${owner?.id ?? '-'}`);
  return [...runs, ...openSlotsOf(view).map((open) => `open ${openText(open)}`)];
}

/**
 * The character of one cell: the owner's letter, `?` for an unreachable owner, `·` for none, `+` for several, `!` for an open
 * slot.
 */
function cellCharacter(owners: readonly (SlotOwner | undefined)[], at: number, letters: ReadonlyMap<string, string>, open: ReadonlySet<number>): string {
  const cell = owners.slice(at, at + CELL);
  if (cell.some((_, index) => open.has(at + index))) return '!';
  const distinct = new Set(cell.map((owner) => owner?.id));
  if (distinct.size > 1) return '+';
  const [owner] = cell;
  if (owner?.reason !== undefined) return '?';
  return owner === undefined ? '·' : (letters.get(owner.id) ?? '#');
}

/** Alternating colours, so that neighbours differ; the letters identify the owner without colour. */
function painter(style: Style, letters: ReadonlyMap<string, string>): (character: string) => string {
  const colours = [style.accent, style.good, style.warn, style.strong];
  const order = [...letters.values()];
  return (character) => {
    if (character === '!' || character === '·' || character === '?') return style.bad(character);
    const index = order.indexOf(character);
    return index < 0 ? style.faint(character) : (colours[index % colours.length] ?? style.strong)(character);
  };
}

function mapLines(view: ClusterView, { style, tableWidth }: Io, letters: ReadonlyMap<string, string>): string[] {
  const width = tableWidth < WIDTH + 6 ? NARROW : WIDTH;
  const owners = slotOwners(view);
  const open = new Set(openSlotsOf(view).map(({ slot }) => slot));
  const paint = painter(style, letters);
  const lines: string[] = [];
  for (let start = 0; start < SLOT_COUNT; start += width * CELL) {
    const cells = Array.from({ length: width }, (_, index) => paint(cellCharacter(owners, start + index * CELL, letters, open)));
    lines.push(`${style.faint(String(start).padStart(5))} ${cells.join('')}`);
  }
  return lines;
}

/** In the order of their first slots, empty masters last. */
function bySlot(view: ClusterView): ClusterNode[] {
  const first = (node: ClusterNode): number => node.slots.lowest(1)[0] ?? SLOT_COUNT;
  return [...view.masters].sort((a, b) => first(a) - first(b));
}

function lettersOf(view: ClusterView): Map<string, string> {
  const owning = bySlot(view).filter((node) => node.slots.size > 0);
  return new Map(owning.map((node, index) => [node.id, LETTERS[index] ?? '#']));
}

/** The map, its legend, and the problems. */
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
  const columns = [{ title: '' }, { title: 'master' }, { title: 'id', dispensable: 2 }, { title: 'slots', align: 'right' as const }, { title: 'share', align: 'right' as const, dispensable: 3 }, { title: '', cuttable: true, dispensable: 1 }];
  const uncovered = ownerless(view);
  const open = openSlotsOf(view);
  const wrong = [
    ...(uncovered.size > 0 ? [`${style.bad('·')} ${uncovered.size} ${uncovered.size === 1 ? 'slot is' : 'slots are'} covered by no node: ${uncovered.tokens().slice(0, 10).join(',')}${uncovered.tokens().length > 10 ? ',…' : ''}`] : []),
    ...absenceTexts(view).map((text) => `${style.bad('?')} ${text}`),
    ...open.slice(0, 20).map((one) => `${style.bad('!')} slot ${openText(one)}`),
    ...(open.length > 20 ? [`${style.bad('!')} and ${open.length - 20} more open slots`] : []),
  ];
  const legend = style.faint(`      each character is ${CELL} slots; + several owners, · no owner, ? unreachable owner, ! open`);
  return [...mapLines(view, io, letters), legend, '', await drawTable(io, columns, rows), ...(wrong.length > 0 ? ['', ...wrong] : [])].join('\n');
}
