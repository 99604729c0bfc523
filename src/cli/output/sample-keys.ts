// Keys for chosen slots, loaded and counted in large pipelines, for the demo and for benchmarks. Deterministic: the same slots
// give the same keys.
import type { Cluster } from '../../apply/open-cluster.js';
import { keySlot } from '../../cluster/slots.js';
import type { ClusterView } from '../../cluster/view.js';
import { ReplyError } from '../../resp/reply.js';

/** A hash tag for each slot, found by trying numbers; every slot has one among the first few hundred thousand. */
export function slotTags(slots: Iterable<number>): Map<number, string> {
  const missing = new Set(slots);
  const tags = new Map<number, string>();
  for (let n = 0; missing.size > 0; n++) {
    const tag = n.toString(36);
    const slot = keySlot(tag);
    if (missing.delete(slot)) tags.set(slot, tag);
  }
  return tags;
}

/** `count` names spread evenly over the slots. */
export function sampleKeys(slots: readonly number[], count: number): string[] {
  const tags = slotTags(slots);
  return Array.from({ length: count }, (_, index) => `sample:{${tags.get(slots[index % slots.length] ?? 0) ?? ''}}:${index}`);
}

const CHUNK = 1000;

/** Keys by the owner of their slot in this view. */
function byOwner(view: ClusterView, keys: readonly string[]): Map<string, string[]> {
  const owners = view.owners();
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const id = owners[keySlot(key)]?.id ?? '';
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [key]);
    else group.push(key);
  }
  return groups;
}

/** One command for each key, sent to the owner of its slot; resolves with the number of replies 1 or OK. */
async function eachKey(cluster: Cluster, keys: readonly string[], command: (key: string) => string[], onDone: (keys: number) => void): Promise<number> {
  let good = 0;
  const work = [...byOwner(cluster.view, keys)].map(async ([id, own]) => {
    const connection = await cluster.connection(id);
    for (let at = 0; at < own.length; at += CHUNK) {
      const chunk = own.slice(at, at + CHUNK);
      const replies = await connection.pipeline(chunk.map(command));
      const refused = replies.find((reply) => reply instanceof ReplyError);
      if (refused !== undefined) throw refused;
      good += replies.filter((reply) => reply === 1 || reply === 'OK').length;
      onDone(good);
    }
  });
  await Promise.all(work);
  return good;
}

/** Sets every key to the same value. Throws the first refusal. */
export function loadKeys(cluster: Cluster, keys: readonly string[], value: string, onDone: (keys: number) => void = () => undefined): Promise<number> {
  return eachKey(cluster, keys, (key) => ['SET', key, value], onDone);
}

/** Number of keys that are on the owner of their slot. */
export function countPresent(cluster: Cluster, keys: readonly string[]): Promise<number> {
  return eachKey(cluster, keys, (key) => ['EXISTS', key], () => undefined);
}
