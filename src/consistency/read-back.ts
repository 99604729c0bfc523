// The last round of the consistency checker: reads every counter once, all nodes in parallel, so that a silent node is waited
// for once rather than once per counter. Knows no sockets. Not here: judging a value (run.ts).

/** 'silent': no reply in time; 'refused': an error reply. */
export type ReadOutcome = 'answered' | 'refused' | 'silent';

export interface ReadBackTask {
  readonly keys: readonly string[];
  /** Name of the node that holds a key, as far as known; may change. */
  readonly nodeOf: (key: string) => string;
  /** Never rejects; returns 'silent' at once when the signal is aborted. */
  readonly read: (key: string, signal: AbortSignal) => Promise<ReadOutcome>;
  /** Creates the controller that ends the reads of one node. */
  readonly newController: () => AbortController;
  /** Reads of one node at once. */
  readonly atOnce: number;
}

/** Reads all keys; resolves with those without a value. */
export async function readBack({ keys, nodeOf, read, newController, atOnce }: ReadBackTask): Promise<string[]> {
  const unread: string[] = [];
  const nodes = new Map<string, AbortController>();
  const waitFor = (node: string): AbortController => {
    const known = nodes.get(node) ?? newController();
    nodes.set(node, known);
    return known;
  };
  const readOne = async (key: string): Promise<void> => {
    const node = nodeOf(key);
    const { signal } = waitFor(node);
    const outcome = signal.aborted ? 'silent' : await read(key, signal);
    if (outcome === 'answered') return;
    unread.push(key);
    // A key that has moved meanwhile says nothing about the other keys of its node.
    if (outcome === 'silent' && nodeOf(key) === node) waitFor(node).abort();
  };
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const node = nodeOf(key);
    const group = groups.get(node);
    if (group === undefined) groups.set(node, [key]);
    else group.push(key);
  }
  const readers = [...groups.values()].flatMap((group) => {
    const rest = group.values();
    return Array.from({ length: Math.min(atOnce, group.length) }, async () => {
      for (const key of rest) await readOne(key);
    });
  });
  await Promise.all(readers);
  return unread;
}
