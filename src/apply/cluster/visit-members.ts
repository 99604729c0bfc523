// Visits every node that a visited node lists, breadth first from the entry node, each address once. Nodes that one node has
// forgotten may be listed by others (cli.md 2.1). Not here: combining the views (load.ts).
import { formatAddress } from '../../cluster/address.js';
import type { LineCache, NodeLine } from '../../cluster/nodes-text.js';
import type { SharedId } from '../../cluster/view.js';
import { ConnectionLost } from '../../client/connection-errors.js';
import { ExitCode, TribError, messageOf } from '../../errors.js';
import { oneLine } from '../../resp/visible.js';
import { ReplyError } from '../../resp/reply.js';
import type { ClusterOptions, NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { contestedIds } from './reconnecting-nodes.js';
import { findSharedIds, withHiddenServer } from './shared-ids.js';
import { readNodeView, type NodeView } from './read-node-view.js';

const DEFAULT_CONCURRENCY = 64;
/** Limits in milliseconds for nodes that all nodes list as failed. */
export interface FailedNodeLimits {
  /** For the connection to one such node, and for the reply of one without slots. */
  readonly eachMs: number;
  /** For all such nodes without slots together. */
  readonly allMs: number;
  /** For the reply of one that owns slots: a server that loads its data replies between two chunks of it. */
  readonly ownerReplyMs: number;
}

const FAILED_NODE_LIMITS: FailedNodeLimits = { eachMs: 1000, allMs: 3000, ownerReplyMs: 3000 };

/** Why a node could not be loaded. */
export interface VisitFailure {
  readonly reason: string;
  /** A server replied at its address with an error: what to do. */
  readonly refusal?: string;
  /** The node accepted the connection but did not reply in time. */
  readonly unresponsive?: boolean;
  /** Code of the error with which a server replied at the node's address, such as LOADING: it is alive. */
  readonly replied?: string;
}

/** A node that some view lists. */
export interface ClaimedMember {
  readonly id: string;
  /** The lines about it in the views of other nodes, without duplicates, in the order found. */
  readonly lines: readonly NodeLine[];
  /** The line with the address at which it replied; the first line when it did not. */
  readonly line: NodeLine;
  readonly outcome: NodeView | VisitFailure;
}

/** All nodes that are listed, and ids that several servers have. */
export interface Visited {
  readonly members: ClaimedMember[];
  readonly sharedIds: readonly SharedId[];
}

export function isNodeView(outcome: NodeView | VisitFailure): outcome is NodeView {
  return 'self' in outcome;
}

interface MemberClaim {
  line: NodeLine;
  readonly lines: NodeLine[];
  readonly tried: Set<string>;
  nodeView: NodeView | undefined;
  failure: VisitFailure | undefined;
}

class Visits {
  private readonly members = new Map<string, MemberClaim>();
  /** By announced address. */
  private readonly reached = new Map<string, Promise<NodeView | VisitFailure>>();
  private readonly seen = new Set<NodeLine>();
  private failedUntil: number | undefined;

  constructor(
    private readonly entry: NodeView,
    private readonly options: ClusterOptions,
    private readonly cache: LineCache,
    private readonly known: ReadonlyMap<string, NodeLink>,
    private readonly limits: FailedNodeLimits,
  ) {}

  async run(): Promise<Visited> {
    let fresh: readonly NodeView[] = [this.entry];
    while (fresh.length > 0) {
      for (const nodeView of fresh) this.note(nodeView);
      const unvisited = [...this.members].filter(([, named]) => named.nodeView === undefined && untried(named).length > 0);
      const nodeViews = await mapBounded(unvisited, this.options.concurrency ?? DEFAULT_CONCURRENCY, ([id, named]) => this.find(id, named));
      fresh = nodeViews.flatMap((nodeView) => nodeView ?? []);
    }
    await this.visitOtherAddresses();
    const sharedIds = await this.sharedIds();
    if (sharedIds.length === 0) sharedIds.push(...(await this.hiddenIds()));
    await this.closeStrangers();
    const members = [...this.members].map(([id, { line, lines, nodeView, failure }]) => ({ id, line, lines, outcome: nodeView ?? failure ?? unaddressed(lines) }));
    return { members, sharedIds };
  }

  /** Visits the other addresses that are listed for nodes that have replied: a server with a copied nodes.conf may be there. */
  private async visitOtherAddresses(): Promise<void> {
    const { entry } = this;
    const places = new Set([formatAddress(entry.address), formatAddress({ host: entry.connection.remoteAddress, port: entry.address.port })]);
    const others = new Map<string, NodeLine>();
    for (const line of this.seen) {
      const replied = line.id === entry.self.id || this.members.get(line.id)?.nodeView !== undefined;
      const address = formatAddress(line);
      if (!replied || !hasAddress(line) || this.reached.has(address)) continue;
      const mapped = formatAddress(this.options.addressMap?.(line) ?? line);
      if (!places.has(address) && !places.has(mapped)) others.set(address, line);
    }
    await mapBounded([...others], this.options.concurrency ?? DEFAULT_CONCURRENCY, async ([address, line]) => {
      const visit = this.ask(line, this.hurried(this.limits.eachMs)).catch((error: unknown) => {
        if (this.options.signal?.aborted === true) throw error;
        return failureOf(error);
      });
      this.reached.set(address, visit);
      await visit;
    });
  }

  private async sharedIds(): Promise<SharedId[]> {
    const outcomes = [this.entry, ...(await Promise.all(this.reached.values()))];
    return findSharedIds(outcomes.filter(isNodeView));
  }

  /** Ids that several servers have although one address each is listed just now. */
  private async hiddenIds(): Promise<SharedId[]> {
    const visited = [this.entry, ...[...this.members.values()].flatMap(({ nodeView }) => nodeView ?? [])];
    const { lines, hidden } = await contestedIds(visited, this.cache, this.options.signal);
    for (const line of lines) this.seen.add(line);
    if (lines.length > 0) await this.visitOtherAddresses();
    const unlisted = visited.filter(({ self }) => hidden.includes(self.id)).map(withHiddenServer);
    return [...(await this.sharedIds()), ...(await Promise.all(unlisted))];
  }

  private hurried(replyMs: number): ClusterOptions {
    const { eachMs } = this.limits;
    const { connectTimeoutMs = eachMs, commandTimeoutMs = replyMs } = this.options;
    return { ...this.options, connectTimeoutMs: Math.min(connectTimeoutMs, eachMs), commandTimeoutMs: Math.min(commandTimeoutMs, replyMs) };
  }

  /** Nodes in handshake are not members yet and have no id of their own. */
  private note({ lines }: NodeView): void {
    for (const line of lines) {
      if (this.seen.has(line)) continue; // Equal lines of many nodes are one object.
      this.seen.add(line);
      if (line.myself || line.id === this.entry.self.id || line.flags.includes('handshake')) continue;
      const named = this.members.get(line.id);
      if (named === undefined) this.members.set(line.id, { line, lines: [line], tried: new Set(), nodeView: undefined, failure: undefined });
      else named.lines.push(line);
    }
  }

  /** Tries the addresses that are listed for it until it replies at one. */
  private async find(id: string, named: MemberClaim): Promise<NodeView | undefined> {
    for (const line of untried(named)) {
      const address = formatAddress(line);
      named.tried.add(address);
      const visit = this.reached.get(address) ?? this.visit(line, named.lines);
      this.reached.set(address, visit);
      const outcome = await visit;
      if (isNodeView(outcome) && outcome.self.id === id) {
        named.line = line;
        named.nodeView = outcome;
        return outcome;
      }
      if (named.failure?.replied !== undefined) continue;
      if (!isNodeView(outcome) && outcome.replied !== undefined) named.failure = outcome;
      named.failure ??= isNodeView(outcome) ? { reason: `${formatAddress(outcome.address)} answers as another node (${outcome.self.id})` } : outcome;
    }
    return undefined;
  }

  private async visit(line: NodeLine, lines: readonly NodeLine[]): Promise<NodeView | VisitFailure> {
    try {
      const failure = lines.every(isFailed) ? await this.quickFailure(line, lines.some(({ slots }) => slots.size > 0)) : undefined;
      if (failure !== undefined) return failure;
      return await this.ask(line, this.options, this.linkTo(line)).catch((error: unknown) => this.askByName(line, error));
    } catch (error) {
      if (this.options.signal?.aborted === true) throw error;
      return failureOf(error);
    }
  }

  private linkTo(line: NodeLine): NodeLink | undefined {
    const link = this.known.get(line.id);
    return link !== undefined && formatAddress(link.announced) === formatAddress(line) ? link : undefined;
  }

  private ask(line: NodeLine, options: ClusterOptions, link?: NodeLink): Promise<NodeView> {
    const announced = { host: line.host, port: line.port };
    return readNodeView(options.addressMap?.(announced) ?? announced, options, this.cache, link, announced);
  }

  /**
   * Undefined for a node that replies. Most nodes listed as failed are gone; hundreds of them must not take minutes. The flag
   * alone does not make a node unreachable: a server that replies with an error, for example while it loads its data, is
   * alive. An owner of slots is always asked, because its slots could be given away.
   */
  private async quickFailure(line: NodeLine, owner: boolean): Promise<VisitFailure | undefined> {
    const { eachMs, allMs, ownerReplyMs } = this.limits;
    this.failedUntil ??= Date.now() + allMs;
    if (!owner && Date.now() > this.failedUntil) return { reason: 'fail' };
    const replyMs = owner ? ownerReplyMs : eachMs;
    try {
      (await this.ask(line, this.hurried(replyMs))).connection.close();
      return undefined;
    } catch (error) {
      if (this.options.signal?.aborted === true) throw error;
      const failure = failureOf(error);
      return failure.replied === undefined ? { reason: 'fail' } : failure;
    }
  }

  /** When the address is unreachable or not in the node's certificate, tries the host name it announces (7.0). */
  private askByName(line: NodeLine, error: unknown): Promise<NodeView> {
    const noWay = error instanceof TribError && error.exitCode === ExitCode.unreachable && /^(E[A-Z]+|TIMEOUT|ERR_TLS_CERT_ALTNAME_INVALID)$/.test(error.code);
    if (!noWay || line.hostname === undefined) throw error;
    const named = { host: line.hostname, port: line.port };
    return readNodeView(this.options.addressMap?.(named) ?? named, this.options, this.cache, undefined, { host: line.host, port: line.port }).catch(() => {
      throw error;
    });
  }

  /** Closes connections to nodes that replied at an address listed for another node. */
  private async closeStrangers(): Promise<void> {
    const members = new Set([...this.members.values()].map(({ nodeView }) => nodeView));
    for (const outcome of await Promise.all(this.reached.values())) {
      if (isNodeView(outcome) && !members.has(outcome) && outcome.link === undefined) outcome.connection.close();
    }
  }
}

function hasAddress({ host, port, flags }: NodeLine): boolean {
  return host !== '' && port !== 0 && !flags.includes('noaddr') && !flags.includes('handshake');
}

/** Lines with an address that has not been tried, each address once. */
function untried({ lines, tried }: MemberClaim): NodeLine[] {
  const usable = lines.filter((line) => hasAddress(line) && !tried.has(formatAddress(line)));
  return [...new Map(usable.map((line) => [formatAddress(line), line])).values()];
}

function isFailed(line: NodeLine): boolean {
  return line.flags.includes('fail');
}

function unaddressed(lines: readonly NodeLine[]): VisitFailure {
  return { reason: lines.flatMap(({ flags }) => flags).find((flag) => flag === 'fail' || flag === 'noaddr') ?? 'no address known' };
}

/** What an error of a visit says about the node. */
export function failureOf(error: unknown): VisitFailure {
  const reply = error instanceof TribError && error.cause instanceof ReplyError ? error.cause : undefined;
  const refusal = reply === undefined ? undefined : ((error as TribError).hint ?? 'a server runs there: wait until it answers, then try again');
  const unresponsive = error instanceof ConnectionLost && error.code === 'TIMEOUT';
  return { reason: oneLine(messageOf(error)), ...(refusal === undefined ? {} : { refusal }), ...(unresponsive ? { unresponsive } : {}), ...(reply === undefined ? {} : { replied: reply.code }) };
}

/**
 * Every node that the entry node or any other visited node lists, in the order found, beginning with the entry node's view.
 * `known`: links of an earlier load by id, to be reused. A node that no node lists is not visited, even if it lists others.
 * Throws only on abort.
 */
export function visitMembers(entry: NodeView, options: ClusterOptions, cache: LineCache, known: ReadonlyMap<string, NodeLink>, limits = FAILED_NODE_LIMITS): Promise<Visited> {
  return new Visits(entry, options, cache, known, limits).run();
}
