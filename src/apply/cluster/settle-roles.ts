// Waits until the other nodes list the new roles of nodes: of those that were made replicas, and of masters that gave their last
// slot away, which servers since 7.0 make, with their replicas, replicas of the node that got it (cli.md 5.5). The others would
// learn it from the next ping, up to half a node timeout later; until then they list masters without slots. Bounded; never fails.
import { parseNodesText, type NodeLine } from '../../cluster/nodes-text.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { asString } from '../../client/read-reply.js';
import { delay, unlessAborted } from '../node/delay.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';

/** Milliseconds to wait. With MEET a role is known after one or two polls. */
const PATIENCE_MS = 3000;
const FIRST_POLL_MS = 10;
const POLL_MS = 200;
const MEET_EVERY_MS = 150;
const AT_ONCE = 64;
const ID_LENGTH = 40;

type Links = ReadonlyMap<string, NodeLink>;

/** A node whose role `receiver` does not list. */
interface UnlearnedRole {
  readonly sender: string;
  readonly receiver: string;
}

/** A node's lines of `wanted`; none when it does not reply, which is reported elsewhere. */
async function linesOf(link: NodeLink, wanted: ReadonlySet<string>): Promise<readonly NodeLine[]> {
  try {
    const text = asString(await (await link.connection()).command(['CLUSTER', 'NODES']));
    return parseNodesText(text.split('\n').filter((line) => wanted.has(line.slice(0, ID_LENGTH))).join('\n'));
  } catch {
    return [];
  }
}

/** Roles that a node lists differently from the node itself, and replicas that still follow a replica. */
async function unlearnedRoles(links: Links, changing: ReadonlySet<string>): Promise<UnlearnedRole[]> {
  const accounts = await mapBounded([...links.values()], AT_ONCE, async (link) => ({ id: link.id, lines: await linesOf(link, changing) }));
  const own = new Map(accounts.flatMap(({ lines }) => lines.filter(({ myself }) => myself).map((line) => [line.id, line] as const)));
  const chained = [...own.values()].flatMap(({ id, masterId }) => (masterId !== null && own.get(masterId)?.role === 'replica' ? [{ sender: masterId, receiver: id }] : []));
  const listed = accounts.flatMap(({ id, lines }) =>
    lines.flatMap((line) => {
      const self = own.get(line.id);
      return self === undefined || line.myself || (line.role === self.role && line.masterId === self.masterId) ? [] : [{ sender: line.id, receiver: id }];
    }),
  );
  return [...listed, ...chained];
}

/** MEET between nodes that know each other changes nothing and sends the sender's role at once (cluster-node.md 3.2). */
async function repeatMeet(links: Links, roles: readonly UnlearnedRole[]): Promise<void> {
  await mapBounded(roles, AT_ONCE, async ({ sender, receiver }) => {
    const [from, to] = [links.get(sender), links.get(receiver)];
    if (from === undefined || to === undefined) return;
    await from.admin().then(async (admin) => admin.meet(await to.meetHost(), to.announced.port, to.busPort)).catch(() => undefined);
  });
}

/** Masters that gave their last slot away, and their replicas. `view`: before the move. */
export function withReplicas(view: ClusterView, emptied: readonly ClusterNode[]): Set<string> {
  return new Set(emptied.flatMap(({ id }) => [id, ...view.replicasOf(id).map((replica) => replica.id)]));
}

/** `changing`: ids of the nodes whose roles change. Resolves after an abort too. */
export async function settleRoles(changing: ReadonlySet<string>, links: Links, signal?: AbortSignal): Promise<void> {
  if (changing.size === 0) return;
  const deadline = Date.now() + PATIENCE_MS;
  let lastMeet = 0;
  for (let pause = FIRST_POLL_MS; Date.now() < deadline && signal?.aborted !== true; pause = Math.min(2 * pause, POLL_MS)) {
    const ended = new AbortController();
    const poll = unlearnedRoles(links, changing);
    const late = delay(deadline - Date.now(), ended.signal).then(() => undefined, () => undefined);
    const roles = await unlessAborted(Promise.race([poll, late]), signal).catch(() => undefined).finally(() => ended.abort());
    if (roles === undefined || roles.length === 0) return;
    if (Date.now() - lastMeet > MEET_EVERY_MS) {
      lastMeet = Date.now();
      await Promise.race([repeatMeet(links, roles), delay(MEET_EVERY_MS)]);
    }
    await delay(pause, signal).catch(() => undefined);
  }
}
