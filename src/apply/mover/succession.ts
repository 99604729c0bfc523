// Has somebody else taken the place of a node that went away in the middle of a move? Waiting for it would be in vain then:
// the plan names the old master. Asked of the masters that took no part. Not here: retries (retry.ts).
import { asString } from '../../client/read-reply.js';
import { parseNodesText } from '../../cluster/nodes-text.js';
import { TribError } from '../../errors.js';
import type { NodeLink } from '../node-link.js';

/** Milliseconds an answer may take: a witness that is slow is no help. */
const PATIENCE_MS = 500;

/** One node's view of who is no master any more; undefined when it doesn't answer. */
async function deposed(witness: NodeLink, suspects: readonly NodeLink[]): Promise<TribError | undefined> {
  const connection = await witness.connection();
  const lines = parseNodesText(asString(await connection.command(['CLUSTER', 'NODES'], { timeoutMs: PATIENCE_MS })));
  for (const suspect of suspects) {
    const line = lines.find((one) => one.id === suspect.id);
    if (line === undefined) continue;
    const failed = line.flags.includes('fail');
    const heir = failed ? lines.find((one) => one.role === 'master' && one.slots.size > 0 && one.id !== suspect.id && one.configEpoch > line.configEpoch) : undefined;
    const lost = line.role !== 'master' || (failed && line.slots.size === 0 && heir !== undefined);
    if (!lost) continue;
    return new TribError('FAILED_OVER', `${suspect.name} is master no more${failed ? ': it failed, and a replica took its place' : ''} (as ${witness.name} sees it)`, {
      hint: 'look with check; fix completes or closes what is open',
    });
  }
  return undefined;
}

/** The error that ends a move whose source or target has been replaced; undefined as far as anybody knows. */
export async function replacedNode(witnesses: readonly NodeLink[], suspects: readonly NodeLink[]): Promise<TribError | undefined> {
  for (const witness of witnesses) {
    const verdict = await deposed(witness, suspects).catch(() => undefined);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}
