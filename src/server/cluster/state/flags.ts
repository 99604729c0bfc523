// The 16 flag bits of a node record and their names in CLUSTER NODES and nodes.conf (cluster-node.md 0.4).

export const NodeFlag = {
  master: 1,
  replica: 2,
  pfail: 4,
  fail: 8,
  myself: 16,
  handshake: 32,
  noaddr: 64,
  meet: 128,
  migrateTo: 256,
  nofailover: 512,
} as const;

/** Flags of a gossip entry that are taken over for a node we do not know; the other bits are private to the sender. */
export const GOSSIP_FLAG_MASK =
  NodeFlag.master | NodeFlag.replica | NodeFlag.pfail | NodeFlag.fail | NodeFlag.nofailover | NodeFlag.migrateTo;

// In the order of the text; the wire name of a replica is `slave`.
const NAMED: readonly (readonly [number, string])[] = [
  [NodeFlag.myself, 'myself'],
  [NodeFlag.master, 'master'],
  [NodeFlag.replica, 'slave'],
  [NodeFlag.pfail, 'fail?'],
  [NodeFlag.fail, 'fail'],
  [NodeFlag.handshake, 'handshake'],
  [NodeFlag.noaddr, 'noaddr'],
  [NodeFlag.nofailover, 'nofailover'],
];

const BY_NAME = new Map<string, number>([
  ...NAMED.map(([bit, name]): [string, number] => [name, bit]),
  ['primary', NodeFlag.master],
  ['replica', NodeFlag.replica],
  ['noflags', 0],
]);

/** The flags column of CLUSTER NODES: names joined by commas, `noflags` when none is set. */
export function flagsText(flags: number): string {
  const names = NAMED.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? 'noflags' : names.join(',');
}

/** Parses a flags column; undefined when a name is unknown (a corrupt nodes.conf, cluster-node.md 5.2). */
export function parseFlags(text: string): number | undefined {
  let flags = 0;
  for (const name of text.split(',')) {
    const bit = BY_NAME.get(name);
    if (bit === undefined) return undefined;
    flags |= bit;
  }
  return flags;
}
