// When each simulated node could last reach each other one: shows how long a node has been without a majority.
import { quorum } from '../../src/server/cluster/state/availability.js';
import type { Member, Simulator } from './simulator.js';

export class ReachHistory {
  private readonly reached: number[][];

  constructor(private readonly sim: Simulator) {
    this.reached = sim.members.map(() => sim.members.map(() => sim.now));
  }

  /**
   * Call it often: records which nodes reach each other now. For a node that is down the time before its start does not count.
   */
  observe(): void {
    const { sim } = this;
    for (const member of sim.members) {
      const row = this.reached[member.index];
      if (row === undefined) continue;
      for (const other of sim.members) if (!member.alive || sim.reachable(member, other)) row[other.index] = sim.now;
    }
  }

  /** True when, of the masters in this node's table, fewer than a majority were reachable at any time within the last `ms`. */
  lacksMajorityFor(member: Member, ms: number): boolean {
    const owners = member.state.nodes.filter((node) => node.isMaster && node.slots.count > 0);
    const recent = owners.filter((node) => {
      const other = node === member.state.myself ? member : this.sim.at(node.ip);
      return other === member || (other !== undefined && this.sim.now - (this.reached[member.index]?.[other.index] ?? 0) <= ms);
    });
    return recent.length < quorum(owners.length);
  }
}
