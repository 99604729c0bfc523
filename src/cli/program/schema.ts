// The shape of every document that --json prints (docs/json.md): one name and one form per fact, in all subcommands. Pure.
// Not here: which facts a subcommand prints (its toJson).
import { splitAddress, withoutMark } from './document-words.js';
import { toRanges } from '../../cluster/slot-set.js';

/** Version of the documents. It stays when a field is added, and is raised when the meaning of a field changes. */
export const JSON_SCHEMA = 2;

const NODE_ID = /^[0-9a-f]{40}$/;
/** Lists of slots: as ranges. */
const SLOT_LISTS = new Set(['slots', 'openSlots', 'uncoveredSlots', 'done', 'left']);
/** Fields that hold sentences of this program; other texts may be data of the user. */
const SENTENCES = new Set(['message', 'text', 'hint', 'cause', 'reason', 'next']);
/** Fields with replies of servers, printed unchanged. */
const VERBATIM = new Set(['reply']);

function slotList(key: string, value: readonly unknown[]): number[] | undefined {
  const numbers = value.filter((one) => typeof one === 'number');
  return SLOT_LISTS.has(key) && numbers.length > 0 && numbers.length === value.length ? numbers : undefined;
}

/** A node is `{ id, host, port, … }`; the address that a person is shown is left out. */
function asNode(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { id, name, address, ...rest } = fields;
  if (typeof id !== 'string' || !NODE_ID.test(id)) return fields;
  const text = address ?? name;
  const place = typeof text === 'string' ? splitAddress(text) : undefined;
  return place === undefined ? fields : { id, ...place, ...rest };
}

function shaped(key: string, value: unknown): unknown {
  if (typeof value === 'string') return SENTENCES.has(key) ? withoutMark(value) : value;
  if (typeof value !== 'object' || value === null || VERBATIM.has(key)) return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') return shaped(key, (value.toJSON as () => unknown)());
  if (Array.isArray(value)) {
    const slots = slotList(key, value);
    return slots === undefined ? value.map((one: unknown) => shaped('', one)) : toRanges(slots);
  }
  return asNode(Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shaped(name, one)])));
}

/** The document to print from the result of a subcommand. */
export function jsonDocument(result: object): Readonly<Record<string, unknown>> {
  return { schema: JSON_SCHEMA, ...(shaped('', result) as object) };
}
