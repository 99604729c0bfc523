// The failovers that this node takes part in: its own election as a replica (cluster-node.md 4.2), and a manual failover on
// either side (4.4). Data only; the rules are in rules/election.ts and rules/manual-failover.ts.
import type { NodeRecord } from './node-record.js';

/** Why a replica of a failed master does not take over at this moment (cluster-node.md 4.2). */
export type FailoverObstacle = 'none' | 'dataAge' | 'waitingDelay' | 'expired' | 'waitingVotes';

export class ManualFailover {
  /** End of the attempt, ms; 0: none runs. */
  end = 0;
  /** On the master: the replica that takes over. */
  replica: NodeRecord | null = null;
  /** On the master: writes are held back. */
  paused = false;
  /** On the replica: the offset at which the master paused its writes; -1 while unknown. */
  masterOffset = -1;
  /** On the replica: nothing is left to wait for, the election may start. */
  canStart = false;

  clear(): void {
    this.end = 0;
    this.replica = null;
    this.paused = false;
    this.masterOffset = -1;
    this.canStart = false;
  }
}

export class Election {
  /** When the vote request is sent, ms; 0: no election was ever scheduled, or the last one is void. */
  time = 0;
  /** Masters that granted their vote; each counts once. */
  readonly voters = new Set<string>();
  /** The vote request has been sent, for `epoch`. */
  sent = false;
  epoch = 0;
  /** Masters with slots when the request was sent: demotions learned later must not lower the majority it needs. */
  size = 0;
  /** Replicas of our master that are ahead of us, as of the last count. */
  rank = 0;
  /** The obstacle that was logged last, and when. */
  obstacle: FailoverObstacle = 'none';
  obstacleLoggedAt = 0;

  /** Plans an election; votes collected before are void. */
  schedule(time: number, rank: number): void {
    this.time = time;
    this.rank = rank;
    this.sent = false;
    this.voters.clear();
  }
}
