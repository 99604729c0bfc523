// The last round of the consistency checker: every counter once, the nodes at the same time, so that one that is silent is
// waited for once, not once a counter. Knows no sockets. Not here: what a value means (consistency.ts).

/** 'silent': no answer in time; 'refused': an error reply. */
export type ReadOutcome = 'answered' | 'refused' | 'silent';

export interface ReadBackTask {
  readonly keys: readonly string[];
  /** Name of the node that a key is on as far as known; may change meanwhile. */
  readonly nodeOf: (key: string) => string;
  /** Never rejects; answers 'silent' at once when the signal is aborted. */
  readonly read: (key: string, signal: AbortSignal) => Promise<ReadOutcome>;
  /** What reads of one node are ended with. */
  readonly cut: () => AbortController;
  /** Reads of one node at the same time. */
  readonly atOnce: number;
}

/** Reads all keys; resolves with those that no value came for. */
export async function readBack({ keys, nodeOf, read, cut, atOnce }: ReadBackTask): Promise<string[]> {
  const unread: string[] = [];
  const nodes = new Map<string, AbortController>();
  const attention = (node: string): AbortController => {
    const known = nodes.get(node) ?? cut();
    nodes.set(node, known);
    return known;
  };
  const readOne = async (key: string): Promise<void> => {
    const node = nodeOf(key);
    const { signal } = attention(node);
    const outcome = signal.aborted ? 'silent' : await read(key, signal);
    if (outcome === 'answered') return;
    unread.push(key);
    // A key that has moved meanwhile says nothing about the rest of its node.
    if (outcome === 'silent' && nodeOf(key) === node) attention(node).abort();
  };
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const node = nodeOf(key);
    const group = groups.get(node);
    if (group === undefined) groups.set(node, [key]);
    else group.push(key);
  }
  const lanes = [...groups.values()].flatMap((group) => {
    const rest = group.values();
    return Array.from({ length: Math.min(atOnce, group.length) }, async () => {
      for (const key of rest) await readOne(key);
    });
  });
  await Promise.all(lanes);
  return unread;
}
