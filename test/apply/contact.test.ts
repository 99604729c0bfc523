// Which packets between two nodes may have met on the way, by what CLUSTER NODES says of pings.
import { describe, expect, it } from 'vitest';
import { answeredSince, type Contact, mayHaveCrossed } from '../../src/apply/mover/contact.js';

const at = (now: number, pingSent: number, pongReceived: number): Contact => ({ now, pingSent, pongReceived });

describe('mayHaveCrossed', () => {
  it.each([
    ['no ping, the same answer before and after', at(5000, 0, 4321), at(5100, 0, 4321), false],
    ['a whole second from gossip, older than the first look', at(5100, 0, 4321), at(5200, 0, 5000), false],
    ['an answer between the two', at(5000, 0, 4321), at(5100, 0, 5050), true],
    ['waiting for an answer at first', at(5000, 4999, 4321), at(5100, 0, 4999), true],
    ['waiting for one now', at(5000, 0, 4321), at(5100, 5099, 4321), true],
  ])('%s', (_, before, after, crossed) => expect(mayHaveCrossed(before, after)).toBe(crossed));
});

describe('answeredSince', () => {
  it.each([
    ['nothing has come', at(5000, 0, 4321), at(6000, 0, 4321), false],
    ['asked and answered since', at(5000, 0, 4321), at(6000, 0, 5500), true],
    ['answered what was asked before', at(5000, 4999, 4321), at(6000, 0, 5001), false],
    ['a whole second is what a third has heard', at(5000, 0, 4321), at(6500, 0, 6000), false],
  ])('%s', (_, before, after, answered) => expect(answeredSince(before, after)).toBe(answered));
});
