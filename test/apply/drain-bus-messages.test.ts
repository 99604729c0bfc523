// Pending pings in CLUSTER NODES.
import { expect, it } from 'vitest';
import { awaitsAnswer } from '../../src/apply/mover/slots/drain-bus-messages.js';

const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
const text = (pingSent: number): string => `${b} 127.0.0.1:7001@17001 myself,master - 0 0 2 connected 1-2\n${a} 127.0.0.1:7000@17000 master - ${pingSent} 1795266392252 1 connected 0 [2->-${b}]\n`;

it.each([
  ['a ping without an answer', text(1795266392300), a, true],
  ['none', text(0), a, false],
  ['a node that is not listed', text(1), 'c'.repeat(40), false],
])('%s', (_, nodes, other, expected) => expect(awaitsAnswer(nodes, other)).toBe(expected));
