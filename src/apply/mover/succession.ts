// Has somebody else taken the place of a node that went away in the middle of a move? Waiting for it would be in vain then:
// the plan names the old master. Asked of the masters that took no part. Not here: retries (retry.ts).
import { asString } from '../../client/read-reply.js';
import { parseNodesText } from '../../cluster/nodes-text.js';
import type { NodeLine } from '../../cluster/nodes-text.js';
import type { SlotSet } from '../../cluster/slot-set.js';
import { TribError } from '../../errors.js';
import type { NodeLink } from '../node-link.js';

/** Milliseconds an answer may take: a witness that is slow is no help. */
const PATIENCE_MS = 500;

/** A source or target of a move. */
export interface Suspect {
  readonly link: NodeLink;
  /** Slots it had before the move and keeps through it: who has them has taken its place. */
  readonly keeps: SlotSet;
}

/**
 * A failed master's heir: newer, and owner of what was its. Slots that were given to it in the moment of its death may stay
 * in its name for ever, as its replica had not heard of them; an owner of nothing but such slots had nothing to inherit.
 */
function hasHeir(lines: readonly NodeLine[], failed: NodeLine, keeps: SlotSet): boolean {
  const newer = lines.filter((one) => one.role === 'master' && one.id !== failed.id && one.slots.size > 0 && one.configEpoch > failed.configEpoch);
  return keeps.size > 0 ? newer.some((one) => one.slots.intersection(keeps).size > 0) : failed.slots.size === 0 && newer.length > 0;
}

/** One node's view of who is no master any more; undefined when it doesn't answer. */
async function deposed(witness: NodeLink, suspects: readonly Suspect[]): Promise<TribError | undefined> {
  const connection = await witness.connection();
  const lines = parseNodesText(asString(await connection.command(['CLUSTER', 'NODES'], { timeoutMs: PATIENCE_MS })));
  for (const { link, keeps } of suspects) {
    const line = lines.find((one) => one.id === link.id);
    if (line === undefined) continue;
    const failed = line.flags.includes('fail');
    if (line.role === 'master' && !(failed && hasHeir(lines, line, keeps))) continue;
    return new TribError('FAILED_OVER', `${link.name} is master no more${failed ? ': it failed, and a replica took its place' : ''} (as ${witness.name} sees it)`, {
      hint: 'look with check; fix completes or closes what is open',
    });
  }
  return undefined;
}

/** The error that ends a move whose source or target has been replaced; undefined as far as anybody knows. */
export async function replacedNode(witnesses: readonly NodeLink[], suspects: readonly Suspect[]): Promise<TribError | undefined> {
  for (const witness of witnesses) {
    const verdict = await deposed(witness, suspects).catch(() => undefined);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}
