// New clusters: checks nodes that must be empty (cli.md 2.2 step 1) and carries out a create plan on them. Not here: the
// allocation (plan/create.ts), emptying (empty-nodes.ts), existing clusters (open-cluster.ts).
import type { Address } from '../../cluster/address.js';
import { formatAddress, parseAddress } from '../../cluster/address.js';
import { LineCache } from '../../cluster/nodes-text.js';
import { readKeyspace } from '../../client/databases.js';
import { asString } from '../../client/read-reply.js';
import { ExitCode, TribError } from '../../errors.js';
import type { CandidateNode, CreatePlan } from '../../plan/create.js';
import type { NodeContents } from '../../plan/emptying.js';
import type { ApplyOptions } from '../apply-plan.js';
import { applySteps } from '../apply-plan.js';
import type { ApplyStats } from '../node/event.js';
import { requireOwnIds } from './identity.js';
import { livingOutsiders } from './living-outsiders.js';
import { readNodeView } from '../cluster/read-node-view.js';
import type { ClusterOptions } from '../node/node-link.js';
import { NodeLink } from '../node/node-link.js';
import type { Cluster, Seed } from '../open-cluster.js';
import { openCluster } from '../open-cluster.js';
import { mapBounded } from '../node/parallel.js';

function notEmpty(contents: NodeContents, why: string): TribError {
  const { name } = contents;
  const text = `[ERR] Node ${name} is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.`;
  return new TribError('NOT_EMPTY', text, { exitCode: ExitCode.failed, hint: `it ${why}${howToEmpty(contents)}` });
}

/** The command that empties a node with this content (plan/role-change.ts, planReset). */
function howToEmpty({ name, id, role, keys, lines, slots }: NodeContents): string {
  const flush = keys.length > 0 && role === 'master' ? ' --flush' : '';
  const reset = `redis-trib reset ${name} --hard${flush}`;
  if (slots === 0 || lines.length === 1) return `. To empty it: ${reset}; to empty all nodes: redis-trib create --reset …`;
  return ` and serves slots of a cluster. To remove it from there without loss: redis-trib del-node ${name} ${id} --drain; to empty it with loss: ${reset} --force; to empty all nodes with loss: redis-trib create --reset …`;
}

interface InspectedCandidate {
  readonly candidate: CandidateNode;
  readonly link: NodeLink;
  readonly contents: NodeContents;
}

/** Whether nodes that hold something are refused. */
export type Occupied = 'refuse' | 'accept';

/** Empty = no key in any database, no known node, no slot. */
function refuseOccupied(contents: NodeContents): void {
  const { keys, lines, slots } = contents;
  if (keys.length > 0) throw notEmpty(contents, 'contains keys');
  if (lines.length > 1) throw notEmpty(contents, 'knows other nodes');
  if (slots > 0) throw notEmpty(contents, 'owns slots');
}

async function inspect(address: Address, options: ClusterOptions, cache: LineCache, occupied: Occupied): Promise<InspectedCandidate> {
  const { connection, self, lines } = await readNodeView(address, options, cache);
  const name = formatAddress(address);
  const busPort = self.busPort ?? address.port + 10_000;
  try {
    const asked = [['INFO', 'keyspace'], ['CONFIG', 'GET', 'cluster-announce-ip'], ...(occupied === 'accept' ? [['FUNCTION', 'LIST']] : [])];
    const [keyspace, announce, functions] = await connection.pipeline(asked);
    // Behind NAT other nodes use the announced address; the ports in CLUSTER NODES are the announced ones.
    const host = announcedHost(announce);
    const announced = host === '' ? address : { host, port: self.port };
    const link = new NodeLink({ id: self.id, name, announced, busPort, address }, options, connection);
    // Servers before 7.0, and users without permission, have no functions to delete.
    const libraries = Array.isArray(functions) ? functions.length : 0;
    const contents: NodeContents = { id: self.id, name, role: self.role, masterId: self.masterId, slots: self.slots.size, keys: [...readKeyspace(asString(keyspace))].map(([database, keys]) => ({ database, keys })), functions: libraries, lines };
    if (occupied === 'refuse') refuseOccupied(contents);
    // A replica becomes a master when it is reset.
    const flags = self.flags.map((flag) => (flag === 'slave' ? 'master' : flag));
    return { candidate: { id: self.id, name, host: address.host, port: address.port, flags }, link, contents };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The value in a reply to CONFIG GET; '' when it is empty, refused or unknown. */
function announcedHost(reply: unknown): string {
  const value: unknown = Array.isArray(reply) ? reply[1] : '';
  return typeof value === 'string' ? value : '';
}

/** The nodes with the ids of living nodes outside the list, so that a reset does not take them out of a running cluster. */
async function withLiving(inspected: readonly InspectedCandidate[], options: ClusterOptions): Promise<InspectedCandidate[]> {
  const alive = await livingOutsiders(inspected.map(({ contents }) => contents), options);
  return inspected.map((one) => ({ ...one, contents: { ...one.contents, alive: new Set(one.contents.lines.map(({ id }) => id).filter((id) => alive.has(id))) } }));
}

/** Connected nodes, empty or to be emptied, that will form a cluster. */
export class NewCluster {
  /** In the order given, as planCreate requires. */
  readonly nodes: readonly CandidateNode[];
  /** What they hold, in the same order. */
  readonly contents: readonly NodeContents[];
  /** Links to the nodes, by id. */
  readonly links: ReadonlyMap<string, NodeLink>;

  /** @internal use openNewNodes */
  constructor(
    private readonly inspected: readonly InspectedCandidate[],
    private readonly options: ClusterOptions,
  ) {
    this.nodes = inspected.map((one) => one.candidate);
    this.contents = inspected.map((one) => one.contents);
    this.links = new Map(inspected.map((one) => [one.link.id, one.link]));
  }

  /**
   * Creates the cluster and waits until all nodes agree. Throws a node's refusal (ReplyError, SETSLOT_REFUSED …), NO_AGREEMENT
   * at the deadline, ABORTED.
   */
  async apply(plan: CreatePlan, options: ApplyOptions = {}): Promise<ApplyStats> {
    const view = (): never => {
      throw new TribError('INTERNAL', 'a create plan moves no slots');
    };
    return applySteps({ links: this.links, view }, plan.steps, options);
  }

  /** Loads the new cluster from its first node. */
  open(): Promise<Cluster> {
    const [first] = this.inspected;
    if (first === undefined) throw new TribError('EMPTY_VIEW', 'A cluster needs nodes');
    return openCluster(first.link.address, this.options);
  }

  close(): void {
    for (const link of this.links.values()) link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}

/**
 * Connects to all nodes in parallel and checks that they are cluster nodes, and empty unless `occupied` permits others. Throws
 * the first problem in the order given: BAD_ADDRESS, as readNodeView, NOT_EMPTY, or SAME_ID.
 */
export async function openNewNodes(seeds: readonly Seed[], options: ClusterOptions = {}, occupied: Occupied = 'refuse'): Promise<NewCluster> {
  const addresses = seeds.map((seed) => (typeof seed === 'string' ? parseAddress(seed) : seed));
  const cache = new LineCache();
  const results = await mapBounded(addresses, options.concurrency ?? 64, async (address) => {
    try {
      return await inspect(address, options, cache, occupied);
    } catch (error) {
      return error;
    }
  });
  const good = results.filter((result): result is InspectedCandidate => typeof result === 'object' && result !== null && 'link' in result);
  try {
    if (good.length < results.length) throw results.find((result) => !good.includes(result as InspectedCandidate));
    await requireOwnIds(good.map(({ link }) => link));
    return new NewCluster(occupied === 'accept' ? await withLiving(good, options) : good, options);
  } catch (error) {
    for (const one of good) one.link.close();
    throw error;
  }
}
