// Restores single keys after a batch that did not succeed completely: compares keys that exist already, writes values of newer
// encodings in an older one, follows redirects, and reports keys that the cluster refuses.
import { ClusterCommandError, type ClusterClient } from '../../client/cluster-client.js';
import type { Arg } from '../../resp/command.js';
import { ReplyError, type Reply } from '../../resp/reply.js';
import type { ConflictKind } from '../event.js';
import { refusal } from '../options.js';
import { compareEntry, expiriesOf } from './copy-expiry.js';
import { plainPayload, restoreCommand, type FileEntry, type RestoreForm } from './file-entry.js';

/** The result for a key. */
export type EntryResult = 'imported' | 'equal' | ConflictKind | { readonly refused: string };

/** The payload is one that the server cannot read: too new, of a module, or of a type that the bundled node lacks. */
const UNREADABLE = /DUMP payload version or checksum|Bad data format|does not store values of that type|no matching module|Module/i;
/** Attempts when a reply was lost or the key came and went. */
const ATTEMPTS = 6;

/** Throws TribError IMPORT_REFUSED for what concerns all keys (memory, rights), and connection errors. */
export async function placeEntry(entry: FileEntry, client: ClusterClient, replace: boolean, uncertain: boolean): Promise<EntryResult> {
  let form: RestoreForm = { replace };
  let lost = uncertain;
  for (let attempt = 1; ; attempt++) {
    try {
      await client.command(restoreCommand(entry, form));
      return 'imported';
    } catch (error) {
      if (error instanceof ClusterCommandError && error.executed === 'unknown' && attempt < ATTEMPTS) {
        lost = true;
        continue;
      }
      if (!(error instanceof ReplyError)) throw error;
      const next = await afterReply(error, entry, form, client);
      if (next === 'gone' && attempt < ATTEMPTS) continue;
      if (typeof next === 'object' && 'replace' in next) form = next;
      else if (next === 'gone') throw error;
      else return next === 'equal' && lost ? 'imported' : next;
    }
  }
}

/** One command after the other on the owner of the key; error replies are among the replies. */
async function askOwner(client: ClusterClient, key: string, commands: readonly (readonly Arg[])[]): Promise<(Reply | ReplyError)[]> {
  const replies: (Reply | ReplyError)[] = [];
  for (const command of commands) {
    replies.push(await client.command(command, { key, repeatable: true }).catch((error: unknown) => {
      if (error instanceof ReplyError) return error;
      throw error;
    }));
  }
  return replies;
}

/** The result, another form to try, or `gone` when the existing key has been deleted meanwhile. */
async function afterReply(error: ReplyError, entry: FileEntry, form: RestoreForm, client: ClusterClient): Promise<EntryResult | RestoreForm | 'gone'> {
  if (error.code === 'BUSYKEY') {
    const theirs = await client.command(['DUMP', entry.key], { repeatable: true });
    if (typeof theirs !== 'string') return 'gone';
    const [expireAt] = await expiriesOf((commands) => askOwner(client, entry.key, commands), [entry.key]);
    return compareEntry(entry, theirs, expireAt);
  }
  if (/syntax error/i.test(error.message) && form.relativeTo === undefined) return { ...form, relativeTo: Date.now() };
  if (!UNREADABLE.test(error.message)) throw refusal('The cluster', error.message, error, [entry.key]);
  const payload = form.payload === undefined ? plainPayload(entry) : undefined;
  return payload === undefined ? { refused: error.message } : { ...form, payload };
}
