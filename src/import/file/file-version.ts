// Files of an RDB version that this program does not know: the servers of the cluster decide, as they do about files of their
// own. Probes change nothing.
import type { Cluster } from '../../apply/open-cluster.js';
import { hollowPayload, probeKey } from '../../apply/mover/plan/move-requirements.js';
import { ExitCode, TribError } from '../../errors.js';
import { isKnownVersion, MAX_READ_VERSION, VALKEY_VERSION } from '../../rdb/value-types.js';
import { ReplyError } from '../../resp/reply.js';
import type { PlannedFile } from './plan-load.js';

/** The versions that this program knows, as text. */
export const KNOWN_VERSIONS = `Redis 1 to ${MAX_READ_VERSION}, Valkey ${VALKEY_VERSION}`;

/** A payload footer with this version; only its first two bytes matter to hollowPayload. */
function footer(version: number): string {
  return String.fromCharCode(version & 0xff, (version >> 8) & 0xff) + '\0'.repeat(8);
}

/** The first master with slots that does not read payloads of the version; undefined when all do. */
async function unableMaster(cluster: Cluster, version: number): Promise<string | undefined> {
  for (const { id, name, slots } of cluster.view.masters) {
    if (slots.size === 0) continue;
    const connection = await cluster.link(id).connection();
    const [reply] = await connection.pipeline([['RESTORE', probeKey(slots), 0, hollowPayload(footer(version))]]);
    if (!(reply instanceof ReplyError) || !/bad data format/i.test(reply.message)) return name;
  }
  return undefined;
}

/**
 * Refuses files of a version that neither this program nor every master of the cluster knows: a type may mean something else
 * there. Throws TribError RDB_VERSION.
 */
export async function refuseUnknownVersions(files: readonly PlannedFile[], cluster: Cluster): Promise<void> {
  for (const { file, format } of files) {
    if (format === undefined || isKnownVersion(format.version, format.family)) continue;
    const unable = await unableMaster(cluster, format.version);
    if (unable === undefined) continue;
    throw new TribError('RDB_VERSION', `${file} has RDB version ${format.version} of ${format.family}, which neither ${unable} nor this program knows (${KNOWN_VERSIONS}). Nothing was loaded`, {
      exitCode: ExitCode.failed,
      hint: 'load the file on a server that knows its version and import from that server with --from; --allow-partial loads the file as if it were of the newest known version',
    });
  }
}
