// redis-trib slots: the owner of each of the 16384 slots, drawn as a map; with keys as arguments: the slot of each key and its
// owner.
import { wrongNumber } from '../src/cli/program/arguments.js';
import { parseSeed, takeSeed, type SeedAddresses } from '../src/cli/options/address.js';
import { defineCommand, type Arguments, type SubcommandContext } from '../src/cli/program/define.js';
import { openSeed } from '../src/cli/connection/open.js';
import type { ClusterView } from '../src/cluster/view.js';
import type { SlotOwner } from '../src/ui/views/slot-map.js';

const USAGE = 'HOST:PORT [KEY…]';

const args: Arguments<{ readonly seed: SeedAddresses; readonly keys: readonly string[] }> = {
  usage: USAGE,
  parse(words, fallbackSeed) {
    if (words.length === 0 && fallbackSeed !== undefined) return { seed: parseSeed(fallbackSeed), keys: [] };
    if (words.length === 0) throw wrongNumber(USAGE);
    const { seed, rest } = takeSeed(words);
    return { seed, keys: rest };
  },
};

interface Located {
  readonly key: string;
  readonly slot: number;
  readonly owner: SlotOwner | undefined;
}

interface Mapped {
  readonly view: ClusterView;
  readonly keys: readonly Located[];
}

async function locate(view: ClusterView, keys: readonly string[]): Promise<Located[]> {
  const [{ keySlot }, { toBinary }, { slotOwners }] = await Promise.all([import('../src/cluster/slots.js'), import('../src/resp/reply.js'), import('../src/ui/views/slot-map.js')]);
  const owners = slotOwners(view);
  return keys.map((key) => {
    const slot = keySlot(toBinary(key));
    return { key, slot, owner: owners[slot] };
  });
}

/** The JSON fields of an owner. `unreachable` has the reason, and is present for unreachable owners only. */
function ownerFields(owner: SlotOwner | undefined): { readonly node: { readonly id: string; readonly name: string } | null; readonly unreachable?: string } {
  return { node: owner === undefined ? null : { id: owner.id, name: owner.name }, ...(owner?.reason === undefined ? {} : { unreachable: owner.reason }) };
}

async function renderKeys({ keys }: Mapped, { io }: SubcommandContext): Promise<void> {
  if (io.mode === 'plain') return io.out(keys.map(({ key, slot, owner }) => `${slot} ${owner?.name ?? '-'} ${owner?.id ?? '-'} ${key}`).join('\n'));
  const { drawTable } = await import('../src/ui/table.js');
  const rows = keys.map(({ key, slot, owner }) => [key, String(slot), owner === undefined ? io.style.bad('nobody') : owner.reason === undefined ? owner.name : io.style.bad(owner.name), owner === undefined ? '' : io.style.faint(owner.id.slice(0, 8))]);
  io.out(await drawTable(io, [{ title: 'key' }, { title: 'slot', align: 'right' }, { title: 'master' }, { title: 'id' }], rows));
}

export default defineCommand({
  args,
  connects: true,
  quick: true,
  options: {},
  description: 'Without keys: the map. When piped, a line for each run of slots: FIRST-LAST, address and id of its master. With keys (after -- when one begins with a dash), piped: slot, address and id, key. The slots of an unreachable master are those that other nodes list for it. Exit code 1 when slots are uncovered or owned by such a master.',
  examples: ['redis-trib slots 127.0.0.1:7000', "redis-trib slots 127.0.0.1:7000 user:1 'user:{42}:name'", 'redis-trib slots 127.0.0.1:7000 --json'],
  async run({ args: { seed, keys } }, context): Promise<Mapped> {
    await using cluster = await openSeed(seed, context);
    return { view: cluster.view, keys: await locate(cluster.view, keys) };
  },
  async render(result, context) {
    const { absenceTexts, plainSlotLines, slotMap } = await import('../src/ui/views/slot-map.js');
    const { io } = context;
    if (io.mode === 'plain' || result.keys.length > 0) for (const text of absenceTexts(result.view)) io.warn(`${text}`);
    if (result.keys.length > 0) return renderKeys(result, context);
    io.out(io.mode === 'plain' ? plainSlotLines(result.view).join('\n') : await slotMap(io, result.view));
  },
  async toJson({ view, keys }) {
    const { openSlotsOf, ownerless, slotRuns } = await import('../src/ui/views/slot-map.js');
    return {
      slots: slotRuns(view).map(({ first, last, owner }) => ({ range: [first, last], ...ownerFields(owner) })),
      open: openSlotsOf(view).map(({ slot, node, state, peer }) => ({ slot, node: { id: node.id, name: node.name }, state, peer })),
      uncovered: ownerless(view).ranges(),
      ...(keys.length > 0 ? { keys: keys.map(({ key, slot, owner }) => ({ key, slot, ...ownerFields(owner) })) } : {}),
    };
  },
  exitCode: ({ view, keys }) => (keys.length > 0 ? keys.every(({ owner }) => owner !== undefined && owner.reason === undefined) : view.covered().size === 16_384) ? 0 : 1,
});
