// A run of random faults in a simulated cluster of masters and replicas, with the invariants that must hold meanwhile and
// after healing. Everything follows from the seed.
import { startFailover } from '../../src/server/cluster/admin/failover.js';
import type { Random } from '../../src/server/runtime/random.js';
import { seededRandom } from '../../src/server/runtime/random.js';
import { ReachHistory } from './reach-history.js';
import { converged, doubleClaims, sharedEpochs, startCluster } from './replicated-cluster.js';
import type { LinkConditions, Member, Simulator } from './simulator.js';

const NODE_TIMEOUT = 1000;
/** Longest time between two faults, ms. */
const LONGEST_CALM = 3000;
/** Time between two checks of the invariants, ms. */
const STEP = 250;

export interface RunReport {
  readonly masters: number;
  readonly replicas: number;
  readonly elected: number;
  /** Virtual ms until the healed cluster agreed. */
  readonly healed: number;
}

/** Three to five masters most of the time; one in a hundred has up to fifty, which takes a hundred times as long. */
function pickShape(random: Random, large: boolean): { masters: number; replicas: number } {
  const kind = random.below(100);
  if (kind === 0 && large) return { masters: 20 + random.below(31), replicas: 1 };
  const masters = kind < 10 ? 6 + random.below(8) : 3 + random.below(3);
  return { masters, replicas: 1 + random.below(masters > 5 ? 1 : 2) };
}

export class FaultRun {
  private readonly random: Random;
  private readonly sim: Simulator;
  private readonly shape: { masters: number; replicas: number };
  /** The winner of each epoch, with one of the slots that it took over. */
  private readonly elected = new Map<number, { readonly member: Member; readonly slot: number }[]>();
  private readonly reach: ReachHistory;

  constructor(
    readonly seed: number,
    large = false,
  ) {
    this.random = seededRandom(seed + 0.5);
    this.shape = pickShape(this.random, large);
    this.sim = startCluster({ ...this.shape, settings: { nodeTimeout: NODE_TIMEOUT } }, seed);
    this.sim.durable = true;
    this.reach = new ReachHistory(this.sim);
    this.sim.onElected = (member, epoch) => this.noteElected(member, epoch);
  }

  /** Injects that many faults, then heals all. Throws with the seed when an invariant breaks. */
  run(faults: number): RunReport {
    const { sim } = this;
    sim.runUntil(() => converged(sim), 20_000, 'starting');
    this.reach.observe();
    for (let i = 0; i < faults; i++) {
      this.fault();
      this.watchFor(this.random.below(LONGEST_CALM));
    }
    this.heal();
    const healed = sim.runUntil(() => converged(sim), 120_000, 'convergence after healing');
    this.require('', doubleClaims(sim));
    this.require('', sharedEpochs(sim));
    return { ...this.shape, elected: this.elected.size, healed };
  }

  private require(expected: string, found: string): void {
    if (found !== expected) throw new Error(`seed ${this.seed}: ${found}`);
  }

  /**
   * No two replicas win one epoch for the same slots. Replicas of two masters may: a master that does not know its successor yet
   * still votes, as in redis-server (seed 854352206). Their epochs are made different afterwards, which `sharedEpochs` checks.
   */
  private noteElected(member: Member, epoch: number): void {
    const { slots } = member.state.myself;
    const winners = this.elected.get(epoch) ?? [];
    const rival = winners.find(({ slot }) => slots.has(slot));
    if (rival !== undefined) throw new Error(`seed ${this.seed}: ${rival.member.ip} and ${member.ip} were both elected in epoch ${epoch}`);
    const [[slot] = [-1]] = slots.ranges;
    this.elected.set(epoch, [...winners, { member, slot }]);
  }

  private watchFor(ms: number): void {
    for (let passed = 0; passed < ms; passed += STEP) {
      this.sim.run(STEP);
      this.checkMinorities();
    }
  }

  /**
   * cluster-node.md 3.10: a master cut off from the majority stops accepting writes once its pings are unanswered for the
   * timeout.
   */
  private checkMinorities(): void {
    this.reach.observe();
    // The next ping is sent within half a timeout, an earlier answer may still arrive, and the cron runs ten times a second.
    const limit = 1.5 * NODE_TIMEOUT + 1000;
    const late = this.sim.members.find((member) => member.acceptsWrites && this.reach.lacksMajorityFor(member, limit));
    if (late !== undefined) throw new Error(`seed ${this.seed}: ${late.ip} accepts writes ${limit} ms after it lost the majority`);
  }

  private fault(): void {
    const kind = this.random.below(10);
    if (kind < 2) this.partition();
    else if (kind < 4) this.crashOne();
    else if (kind < 6) this.restartOne();
    else if (kind < 7) this.disturb();
    else if (kind < 8) this.joinGroups();
    else this.failover();
  }

  private pick(members: readonly Member[]): Member | undefined {
    return members[this.random.below(Math.max(1, members.length))];
  }

  private partition(): void {
    const groups = 2 + this.random.below(2);
    for (const member of this.sim.members) member.group = this.random.below(groups);
  }

  private joinGroups(): void {
    for (const member of this.sim.members) member.group = null;
  }

  private crashOne(): void {
    const member = this.pick(this.sim.members.filter((one) => one.alive));
    if (member !== undefined) this.sim.crash(member);
  }

  private restartOne(): void {
    const member = this.pick(this.sim.members.filter((one) => !one.alive));
    if (member !== undefined) this.sim.restart(member, this.random.next() < 0.5);
  }

  /** Each new connection gets random conditions; half of the old connections break. */
  private disturb(): void {
    const worst = this.random.next() * 0.3;
    this.sim.conditions.loss = this.random.next() * 0.1;
    this.sim.conditions.perLink = (): LinkConditions => {
      const longest = this.random.below(200);
      return { loss: this.random.next() * worst, delay: [0, longest], reordered: this.random.next() * 0.5 };
    };
    this.sim.breakLinks(() => this.random.next() < 0.5);
  }

  private failover(): void {
    const replica = this.pick(this.sim.members.filter((one) => one.alive && one.state.myself.isReplica));
    const mode = this.random.next() < 0.5 ? 'default' : 'force';
    replica?.administer((context) => startFailover(context, mode));
  }

  private heal(): void {
    this.joinGroups();
    this.sim.conditions.loss = 0;
    this.sim.conditions.perLink = null;
    this.sim.breakLinks(() => true);
    for (const member of this.sim.members) if (!member.alive) this.sim.restart(member, this.random.next() < 0.5);
  }
}
