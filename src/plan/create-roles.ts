// Chooses the masters of a new cluster and their replicas: as redis-cli does (cli.md 2.2), on different hosts or zones where
// possible, or as the user requests. Pure. Not here: slots and steps (create.ts).
import { ExitCode, TribError } from '../errors.js';
import { antiAffinityScore, optimiseAntiAffinity } from './anti-affinity.js';

/** An empty node that may join the new cluster. */
export interface CandidateNode {
  readonly id: string;
  /** Address for display, as typed. */
  readonly name: string;
  /** Host as typed; nodes with the same text count as one host. */
  readonly host: string;
  readonly port: number;
  readonly flags?: readonly string[];
  /** Failure domain: a rack or an availability zone. Default: the host. */
  readonly zone?: string;
}

function placeOf({ zone, host }: CandidateNode): string {
  return zone ?? host;
}

export interface CreateOptions {
  /** Replicas for each master; default 0. */
  readonly replicas?: number;
  /** Allow one or two masters (no automatic failover possible). Default false. */
  readonly allowFewMasters?: boolean;
  /** The requested replicas: replica id → master id. Then no other node becomes a replica, and `replicas` is ignored. */
  readonly masterOf?: ReadonlyMap<string, string>;
}

/** One node of each host in turn, hosts in first-seen order (cli.md 2.2 step 4). */
function interleave(nodes: readonly CandidateNode[]): CandidateNode[] {
  const byHost = new Map<string, CandidateNode[]>();
  for (const node of nodes) byHost.set(placeOf(node), [...(byHost.get(placeOf(node)) ?? []), node]);
  const result: CandidateNode[] = [];
  for (let round = 0; result.length < nodes.length; round++) {
    for (const group of byHost.values()) {
      const node = group[round];
      if (node !== undefined) result.push(node);
    }
  }
  return result;
}

export interface ReplicaAssignment {
  readonly replica: string;
  readonly master: string;
  /** More than requested. */
  readonly extra: boolean;
}

/** Takes the first free node of another host, else the first free node (cli.md 2.2 step 7). */
function chooseReplicas(masters: readonly CandidateNode[], rest: readonly CandidateNode[], perMaster: number): ReplicaAssignment[] {
  const [first, ...others] = rest;
  const free = first === undefined ? [] : [...others, first]; // Step 6: rotated left by one.
  const choices: ReplicaAssignment[] = [];
  const give = (master: CandidateNode, extra: boolean): void => {
    const other = free.findIndex((node) => placeOf(node) !== placeOf(master));
    const [taken] = free.splice(Math.max(other, 0), 1);
    if (taken !== undefined) choices.push({ replica: taken.id, master: master.id, extra });
  };
  for (const master of masters) for (let n = 0; n < perMaster; n++) give(master, false);
  for (const master of masters) give(master, true);
  return choices;
}

function refuseFew(nodes: number, masters: number, options: CreateOptions): void {
  if (masters >= 3 || (options.allowFewMasters === true && masters >= 1)) return;
  if (options.masterOf !== undefined) {
    const text = `[ERR] ${masters} of ${nodes} nodes would be masters: Redis Cluster requires at least 3 master nodes.`;
    throw new TribError('TOO_FEW_MASTERS', text, { exitCode: ExitCode.failed, hint: 'give more nodes, or fewer of them in --replica-of' });
  }
  const replicas = options.replicas ?? 0;
  const lines = [
    '*** ERROR: Invalid configuration for cluster creation.',
    '*** Redis Cluster requires at least 3 master nodes.',
    `*** This is not possible with ${nodes} nodes and ${replicas} replicas per node.`,
    `*** At least ${3 * (replicas + 1)} nodes are required.`,
  ];
  throw new TribError('TOO_FEW_MASTERS', lines.join('\n'), { exitCode: ExitCode.failed, hint: `give more nodes${replicas > 0 ? ', or fewer replicas' : ''}${masters > 0 ? '; --allow-few-masters permits one or two masters, without automatic failover' : ''}` });
}

/** The roles of the nodes of a new cluster. */
export interface Roles {
  /** In slot order. */
  readonly masters: readonly CandidateNode[];
  readonly firstChoice: readonly ReplicaAssignment[];
  readonly masterOf: ReadonlyMap<string, string>;
  /** True when the first choice was not perfect and the optimiser ran. */
  readonly optimised: boolean;
  /** Anti-affinity score; 0 is perfect. */
  readonly score: number;
}

function placesOf(nodes: readonly CandidateNode[]): Map<string, string> {
  return new Map(nodes.map((node) => [node.id, placeOf(node)]));
}

/**
 * Roles as redis-cli chooses them (cli.md 2.2), but with a deterministic search. Throws TribError TOO_FEW_MASTERS for fewer than
 * three masters unless permitted.
 */
export function chosenRoles(nodes: readonly CandidateNode[], options: CreateOptions): Roles {
  const perMaster = options.replicas ?? 0;
  const count = Math.floor(nodes.length / (perMaster + 1));
  refuseFew(nodes.length, count, options);
  const order = interleave(nodes);
  const masters = order.slice(0, count);
  const firstChoice = chooseReplicas(masters, order.slice(count), perMaster);
  const layout = { hostOf: placesOf(nodes), masterOf: new Map(firstChoice.map((choice) => [choice.replica, choice.master])), masters: masters.map((node) => node.id) };
  const optimised = antiAffinityScore(layout) > 0;
  const masterOf = optimised ? optimiseAntiAffinity(layout, nodes.map((node) => node.id)) : layout.masterOf;
  return { masters, firstChoice, masterOf, optimised, score: antiAffinityScore({ ...layout, masterOf }) };
}

function nameOf(nodes: readonly CandidateNode[], id: string): string {
  return nodes.find((node) => node.id === id)?.name ?? id;
}

/**
 * Roles as the user requests them. Throws TribError BAD_ROLES when a named master is itself a replica, TOO_FEW_MASTERS for fewer
 * than three masters unless permitted.
 */
export function requestedRoles(nodes: readonly CandidateNode[], masterOf: ReadonlyMap<string, string>, options: CreateOptions): Roles {
  for (const [replica, master] of masterOf) {
    if (!masterOf.has(master) && replica !== master) continue;
    const why = replica === master ? 'itself' : `${nameOf(nodes, master)}, which is to be a replica too`;
    throw new TribError('BAD_ROLES', `${nameOf(nodes, replica)} cannot be a replica of ${why}`, { exitCode: ExitCode.usage, hint: 'in --replica-of REPLICA=MASTER, MASTER must be a node that is not itself a replica' });
  }
  const masters = nodes.filter(({ id }) => !masterOf.has(id));
  refuseFew(nodes.length, masters.length, options);
  const firstChoice = [...masterOf].map(([replica, master]): ReplicaAssignment => ({ replica, master, extra: false }));
  const score = antiAffinityScore({ hostOf: placesOf(nodes), masterOf: new Map(masterOf), masters: masters.map(({ id }) => id) });
  return { masters, firstChoice, masterOf, optimised: false, score };
}
