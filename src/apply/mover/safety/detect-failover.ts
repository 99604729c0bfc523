// Detects a failover of a node that became unreachable during a move. The plan names the old master, so retries would be
// useless. Asks the masters that take no part in the move. Not here: retries (retry.ts).
import { asString } from '../../../client/read-reply.js';
import { parseNodesText } from '../../../cluster/nodes-text.js';
import type { NodeLine } from '../../../cluster/nodes-text.js';
import type { SlotSet } from '../../../cluster/slot-set.js';
import { TribError } from '../../../errors.js';
import type { NodeLink } from '../../node/node-link.js';

/** Milliseconds to wait for a reply. */
const PATIENCE_MS = 500;

/** A source or target of a move. */
export interface Suspect {
  readonly link: NodeLink;
  /** Slots it owned before the move and keeps. A newer owner of one of them is its successor. */
  readonly keeps: SlotSet;
}

/**
 * Whether a failed master has a successor: a master with a newer config epoch that owns one of `keeps`. Slots moved to the
 * failed master just before it failed may stay in its name, because its replica did not know about them. So a failed node that
 * keeps nothing has a successor when it owns no slot and a newer master exists.
 */
function hasSuccessor(lines: readonly NodeLine[], failed: NodeLine, keeps: SlotSet): boolean {
  const newer = lines.filter((one) => one.role === 'master' && one.id !== failed.id && one.slots.size > 0 && one.configEpoch > failed.configEpoch);
  return keeps.size > 0 ? newer.some((one) => one.slots.intersection(keeps).size > 0) : failed.slots.size === 0 && newer.length > 0;
}

/** The error for a source or target whose slots another node serves now, as `witness` lists them. */
export function failedOver(link: NodeLink, witness: NodeLink, failed = false): TribError {
  return new TribError('FAILED_OVER', `${link.name} is no longer a master${failed ? ': it failed, and a replica was promoted' : ''} (as ${witness.name} lists it)`, {
    hint: 'run check; fix completes or closes open slots',
  });
}

/** One node's view of which suspect is no longer a master; undefined when there is none. */
async function demoted(witness: NodeLink, suspects: readonly Suspect[]): Promise<TribError | undefined> {
  const connection = await witness.connection();
  const lines = parseNodesText(asString(await connection.command(['CLUSTER', 'NODES'], { timeoutMs: PATIENCE_MS })));
  for (const { link, keeps } of suspects) {
    const line = lines.find((one) => one.id === link.id);
    if (line === undefined) continue;
    const failed = line.flags.includes('fail');
    if (line.role === 'master' && !(failed && hasSuccessor(lines, line, keeps))) continue;
    return failedOver(link, witness, failed);
  }
  return undefined;
}

/** The error that ends a move after a failover of its source or target; undefined when no node reports one. */
export async function replacedNode(witnesses: readonly NodeLink[], suspects: readonly Suspect[]): Promise<TribError | undefined> {
  for (const witness of witnesses) {
    const verdict = await demoted(witness, suspects).catch(() => undefined);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}
