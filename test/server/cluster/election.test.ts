// Elections of this node, promotion, manual failover and following a new master (cluster-node.md 3.12, 4.1, 4.2, 4.4, 4.5), on
// a state without sockets. Votes for others: step.test.ts.
import { describe, expect, it } from 'vitest';
import { replicateNode, startFailover } from '../../../src/server/cluster/admin/failover.js';
import { reset } from '../../../src/server/cluster/admin/nodes.js';
import type { Effect } from '../../../src/server/cluster/state/effect.js';
import { NodeFlag } from '../../../src/server/cluster/state/flags.js';
import type { NodeRecord } from '../../../src/server/cluster/state/node-record.js';
import { replicate } from '../../../src/server/cluster/rules/follow.js';
import { step } from '../../../src/server/cluster/rules/step.js';
import { MessageFlag, MessageType } from '../../../src/server/cluster/wire/constants.js';
import { Fixture, id, sent, slotBytes } from './state-fixture.js';

const EMPTY = { kind: 'empty' } as const;

interface Shard {
  f: Fixture;
  master: NodeRecord;
  /** Two more masters with slots: the voters. */
  voters: [NodeRecord, NodeRecord];
}

/** We are a replica of the failed master `a`; `b` and `c` vote. */
function replicaOfFailed(): Shard {
  const f = new Fixture();
  const [master, b, c] = [f.node('a'), f.node('b'), f.node('c')];
  f.own(master, 0, 5);
  f.own(b, 6, 9);
  f.own(c, 10, 12);
  master.configEpoch = 1;
  f.state.currentEpoch = 3;
  f.state.size = 3;
  f.inStep((context) => replicate(context, master));
  master.set(NodeFlag.fail);
  master.failTime = f.now;
  return { f, master, voters: [b, c] };
}

function cron(f: Fixture, ms = 100): Effect[] {
  f.now += ms;
  return step(f.state, { kind: 'cron' }, f.now);
}

/** Lets the cron run until the vote request leaves. */
function untilRequest(f: Fixture): Effect[] {
  for (let i = 0; i < 100; i++) {
    const effects = cron(f);
    if (sent(effects).some(({ packet }) => packet.header.type === MessageType.authRequest)) return effects;
  }
  throw new Error('no vote request');
}

const vote = (f: Fixture, voter: NodeRecord, epoch = f.state.election.epoch): Effect[] =>
  f.receive(voter, { type: MessageType.authAck, currentEpoch: epoch }, EMPTY);
const logs = (effects: readonly Effect[]): string[] => effects.flatMap((effect) => (effect.kind === 'log' ? [effect.text] : []));
const kindsIn = (effects: readonly Effect[]): string[] => effects.map(({ kind }) => kind);

describe('an election', () => {
  it('starts after 500 to 999 ms, with a new epoch that is on disk before the requests leave', () => {
    const { f } = replicaOfFailed();
    expect(logs(cron(f))).toEqual([expect.stringMatching(/^Start of election delayed for \d+ milliseconds \(rank #0, offset 77\)\.$/)]);
    const planned = f.now;
    const effects = untilRequest(f);
    expect(f.now - planned).toBeGreaterThanOrEqual(500);
    expect(f.now - planned).toBeLessThan(1100);
    expect(logs(effects)).toContain('Starting a failover election for epoch 4.');
    const save = effects.findIndex((effect) => effect.kind === 'save' && effect.fsync);
    expect(save).toBeGreaterThanOrEqual(0);
    expect(kindsIn(effects).indexOf('send')).toBeGreaterThan(save);
    const request = sent(effects).find(({ packet }) => packet.header.type === MessageType.authRequest)?.packet.header;
    expect(request).toMatchObject({ currentEpoch: 4, configEpoch: 1, slaveof: id('a'), mflags: 0 });
  });

  it('is won with a majority of distinct voters: epoch, slots, promotion, and a PONG to all nodes', () => {
    const { f, voters } = replicaOfFailed();
    untilRequest(f);
    vote(f, voters[0]);
    expect(logs(vote(f, voters[0]))).not.toContain("Failover election won: I'm the new master.");
    const effects = vote(f, voters[1]);
    expect(logs(effects)).toEqual(expect.arrayContaining(["Failover election won: I'm the new master.", 'configEpoch set to 4 after successful failover']));
    const { myself } = f.state;
    expect([myself.isMaster, myself.configEpoch, myself.slots.count, f.state.source]).toEqual([true, 4, 6, null]);
    expect(kindsIn(effects)).toContain('promote');
    const pongs = sent(effects).filter(({ packet }) => packet.header.type === MessageType.pong);
    expect(pongs.map(({ to }) => to).sort()).toEqual([id('a'), id('b'), id('c')]);
    expect(pongs[0]?.packet.header).toMatchObject({ configEpoch: 4, slaveof: '' });
  });

  it('counts no votes of other epochs, of masters without slots, or before it asked', () => {
    const { f, voters } = replicaOfFailed();
    const slotless = f.node('d');
    cron(f);
    vote(f, voters[0], 3);
    untilRequest(f);
    vote(f, voters[0], 3);
    vote(f, slotless);
    expect(f.state.election.voters.size).toBe(0);
    expect(f.state.myself.isReplica).toBe(true);
  });

  it('is not won merely because masters lost their slots after the request', () => {
    const { f, voters } = replicaOfFailed();
    f.state.size = 5;
    untilRequest(f);
    f.state.election.size = 5;
    vote(f, voters[0]);
    f.state.size = 3;
    expect(logs(vote(f, voters[1]))).not.toContain("Failover election won: I'm the new master.");
    expect(f.state.myself.isReplica).toBe(true);
  });

  it('counts masters that were demoted before their successors are known', () => {
    const { f, voters } = replicaOfFailed();
    f.state.sizeWhenCovered = 5;
    untilRequest(f);
    expect(f.state.size).toBe(3);
    vote(f, voters[0]);
    expect(logs(vote(f, voters[1]))).not.toContain("Failover election won: I'm the new master.");
    expect(f.state.myself.isReplica).toBe(true);
  });

  it('keeps no vote of the winner for another candidate of its epoch', () => {
    const { f, voters } = replicaOfFailed();
    const other = f.replicaOf('r', voters[0]);
    untilRequest(f);
    for (const voter of voters) vote(f, voter);
    expect(f.state.myself.isMaster).toBe(true);
    voters[0].set(NodeFlag.fail);
    const reply = f.receive(other, { type: MessageType.authRequest, currentEpoch: f.state.election.epoch, configEpoch: 9, slaveof: voters[0].id, slots: slotBytes(6, 9) }, EMPTY);
    expect(logs(reply)).toEqual([expect.stringContaining('already voted for epoch 4')]);
  });

  it('expires after two node timeouts and is repeated with a new epoch after four', () => {
    const { f } = replicaOfFailed();
    untilRequest(f);
    const first = f.now;
    const timeout = f.settings.nodeTimeout;
    const said: string[] = [];
    while (f.state.election.epoch === 4 && f.now - first < 6 * timeout) said.push(...logs(cron(f)));
    expect(said).toContain('Currently unable to failover: Failover attempt expired.');
    expect(f.state.election.epoch).toBe(5);
    expect(f.now - first).toBeGreaterThan(4 * timeout);
  });

  it('waits a second for each replica that has more data, also for one whose offset arrives in the meantime', () => {
    const { f, master } = replicaOfFailed();
    const [ahead, behind] = [f.replicaOf('r', master), f.replicaOf('s', master)];
    ahead.replOffset = 78;
    behind.replOffset = 77;
    const effects = cron(f);
    expect(logs(effects)[0]).toMatch(/rank #1/);
    expect(sent(effects).filter(({ packet }) => packet.header.type === MessageType.pong).map(({ to }) => to)).toEqual([ahead.id, behind.id]);
    const planned = f.state.election.time;
    behind.replOffset = 100;
    expect(logs(cron(f))).toContain('Replica rank updated to #2, added 1000 milliseconds of delay.');
    expect(f.state.election.time).toBe(planned + 1000);
  });

  it.each([
    ['its data are too old', (f: Fixture) => void (f.dataAge = 10_000 + 11 * 15_000 + 1)],
    ['cluster-replica-no-failover is yes', (f: Fixture) => void (f.settings.replicaNoFailover = true)],
    ['its master has no slots', (f: Fixture) => f.state.slots.unassignAllOf(f.state.myself.master!)],
    ['its master is not FAIL', (f: Fixture) => f.state.myself.master!.clear(NodeFlag.fail)],
  ])('does not happen when %s', (_why, spoil) => {
    const { f } = replicaOfFailed();
    spoil(f);
    for (let i = 0; i < 50; i++) expect(sent(cron(f)).filter(({ packet }) => packet.header.type === MessageType.authRequest)).toEqual([]);
    expect(f.state.election.time).toBe(0);
  });

  it('happens with data of any age when the validity factor is 0', () => {
    const { f } = replicaOfFailed();
    f.dataAge = Infinity;
    f.settings.replicaValidityFactor = 0;
    untilRequest(f);
  });
});

describe('a manual failover', () => {
  it('asks the master to pause, waits for its offset, and then needs no delay and no FAIL', () => {
    const { f, master, voters } = replicaOfFailed();
    master.clear(NodeFlag.fail);
    const { result, effects } = f.inStep((context) => startFailover(context, 'default'));
    expect([result, sent(effects).map(({ packet }) => packet.header.type)]).toEqual([null, [MessageType.mfStart]]);
    const paused = { mflags: MessageFlag.paused, offset: 80 };
    expect(logs(f.receive(master, paused))).toContain('Received replication offset for paused master manual failover: 80');
    expect(f.state.manualFailover.canStart).toBe(false);
    f.offset = 80;
    const started = cron(f);
    expect(logs(started)).toEqual(expect.arrayContaining(['All master replication stream processed, manual failover can start.', 'Start of election delayed for 0 milliseconds (rank #0, offset 80).']));
    expect(sent(started).find(({ packet }) => packet.header.type === MessageType.authRequest)?.packet.header.mflags).toBe(MessageFlag.forceAck);
    // The master being replaced votes too: it still has slots.
    vote(f, master);
    vote(f, voters[0]);
    expect([f.state.myself.isMaster, f.state.manualFailover.end]).toEqual([true, 0]);
  });

  it('ends after five seconds when the offset is not reached', () => {
    const { f, master } = replicaOfFailed();
    master.clear(NodeFlag.fail);
    f.inStep((context) => startFailover(context, 'default'));
    f.receive(master, { mflags: MessageFlag.paused, offset: 80 });
    expect(logs(cron(f, 5001))).toContain('Manual failover timed out.');
    expect(f.state.manualFailover).toMatchObject({ end: 0, masterOffset: -1, canStart: false });
  });

  it('with TAKEOVER ends at once, with an epoch above all known ones', () => {
    const { f, voters } = replicaOfFailed();
    voters[0].configEpoch = 3;
    const { result, effects } = f.inStep((context) => startFailover(context, 'takeover'));
    expect([result, f.state.myself.isMaster, f.state.myself.configEpoch, f.state.myself.slots.count]).toEqual([null, true, 4, 6]);
    expect(kindsIn(effects)).toEqual(expect.arrayContaining(['promote', 'save', 'send']));
  });

  it('is refused on masters, with an unknown master, and by default with a failed master', () => {
    const { f, master } = replicaOfFailed();
    expect(f.inStep((context) => startFailover(context, 'default')).result).toBe('ERR Master is down or failed, please use CLUSTER FAILOVER FORCE');
    f.state.detachFromMaster(f.state.myself);
    expect(f.inStep((context) => startFailover(context, 'force')).result).toBe("ERR I'm a replica but my master is unknown to me");
    expect(new Fixture().inStep((context) => startFailover(context, 'force')).result).toBe('ERR You should send CLUSTER FAILOVER to a replica');
    expect(master.replicas).toEqual([]);
  });
});

describe('a node follows the new master', () => {
  it('that REPLICATE names, unless it has slots or keys', () => {
    const f = new Fixture();
    const master = f.node('a');
    const replica = f.replicaOf('r', master);
    const order = (name: string): string | null => f.inStep((context) => replicateNode(context, name)).result;
    expect(order(id('x'))).toBe(`ERR Unknown node ${id('x')}`);
    expect(order(f.state.myself.id)).toBe("ERR Can't replicate myself");
    expect(order(replica.id)).toBe('ERR I can only replicate a master, not a replica.');
    f.keys.set(1, 1);
    expect(order(master.id)).toBe('ERR To set a master the node must be empty and without assigned slots.');
    f.keys.clear();
    const { result, effects } = f.inStep((context) => replicateNode(context, master.id));
    expect([result, f.state.myself.isReplica, f.state.myself.master]).toEqual([null, true, master]);
    expect(effects).toContainEqual({ kind: 'replicate', ip: master.ip, port: master.port });
  });

  it('the master that took its last slot, and resumes paused writes', () => {
    const f = new Fixture();
    const heir = f.replicaOf('r', f.state.myself);
    f.own(f.state.myself, 0, 2);
    f.receive(heir, { type: MessageType.mfStart }, EMPTY);
    const effects = f.receive(heir, { slaveof: '', configEpoch: 7, currentEpoch: 7, flags: NodeFlag.master, slots: slotBytes(0, 1, 2) });
    expect(f.state.myself.master).toBe(heir);
    expect(kindsIn(effects)).toEqual(expect.arrayContaining(['replicate', 'resumeWrites', 'save']));
    expect(kindsIn(effects)).not.toContain('deleteSlotKeys');
  });

  it('no master when cluster-allow-replica-migration is no and the new owner had slots before; its keys are deleted', () => {
    const f = new Fixture();
    f.settings.allowReplicaMigration = false;
    const taker = f.node('a');
    f.own(taker, 9);
    f.own(f.state.myself, 0, 1);
    f.keys.set(1, 5);
    const effects = f.receive(taker, { configEpoch: 7, slots: slotBytes(0, 1, 9) });
    expect(f.state.myself.isMaster).toBe(true);
    expect(effects).toContainEqual({ kind: 'deleteSlotKeys', slot: 1 });
  });

  it('to a new address, and the master of its master', () => {
    const { f, master, voters } = replicaOfFailed();
    const moved = f.receive(master, { type: MessageType.ping, ip: '10.9.9.9' });
    expect(moved).toContainEqual({ kind: 'replicate', ip: '10.9.9.9', port: 7000 });
    f.receive(master, { slaveof: voters[0].id, flags: NodeFlag.replica, slots: slotBytes(6, 7, 8, 9) });
    f.receive(voters[0], { configEpoch: 9, slots: slotBytes(6, 7, 8, 9, 0) });
    expect(f.state.myself.master).toBe(voters[0]);
  });

  it('no master after RESET, which deletes its data', () => {
    const { f } = replicaOfFailed();
    f.keys.set(1, 1);
    const { result, effects } = f.inStep((context) => reset(context, false));
    expect([result, f.state.myself.isMaster, f.state.nodes.length]).toEqual([null, true, 1]);
    expect(kindsIn(effects)).toEqual(expect.arrayContaining(['promote', 'flushData']));
  });
});

describe('a replica whose master became a replica', () => {
  it('follows the new master also when its claims arrived before the change of role', () => {
    const f = new Fixture();
    const [old, young] = [f.node('a'), f.node('b')];
    f.own(old, 0, 5);
    f.inStep((context) => replicate(context, old));
    f.inStep((context) => context.state.slots.unassignAllOf(old));
    f.own(young, 0, 5);
    old.clear(NodeFlag.master);
    old.set(NodeFlag.replica);
    f.state.attachToMaster(old, young);
    expect(kindsIn(cron(f))).toEqual(expect.arrayContaining(['replicate', 'save']));
    expect(f.state.myself.master).toBe(young);
  });

  it('keeps its master while the master of that master is not a master itself', () => {
    const f = new Fixture();
    const old = f.node('a');
    f.inStep((context) => replicate(context, old));
    old.clear(NodeFlag.master);
    old.set(NodeFlag.replica);
    f.state.attachToMaster(old, f.state.myself);
    cron(f);
    expect(f.state.myself.master).toBe(old);
    f.state.attachToMaster(old, f.replicaOf('c', f.node('d')));
    cron(f);
    expect(f.state.myself.master).toBe(old);
  });
});
