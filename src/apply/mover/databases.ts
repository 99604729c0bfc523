// Valkey 9 clusters may have several databases (cli 6.7); MIGRATE and GETKEYSINSLOT see one at a time, and we move that of
// number 0 only. Keys elsewhere must not be left behind, so such a source is refused.
import { TribError } from '../../errors.js';
import type { NodeLink } from '../node-link.js';

/** Throws TribError SEVERAL_DATABASES when one of the nodes has keys in another database than 0, before anything is moved. */
export async function requireOneDatabase(sources: readonly NodeLink[]): Promise<void> {
  for (const source of sources) {
    const [keyspace] = await (await source.connection()).pipeline([['INFO', 'keyspace']]);
    const other = typeof keyspace === 'string' ? /^db([1-9]\d*):keys=(\d+)/m.exec(keyspace) : null;
    if (other === null) continue;
    throw new TribError('SEVERAL_DATABASES', `Node ${source.name} has ${other[2] ?? '?'} keys in database ${other[1] ?? '?'}: key by key only those of database 0 can be moved`, {
      hint: '--method atomic lets the servers move all databases (without --max-rate, --replace and --wait-replicas)',
    });
  }
}
