// What the kernel tells about standing in line for a core.
import { expect, it } from 'vitest';
import { crowdedBetween, parseCoreTime } from '../../src/apply/mover/cores.js';

const start = parseCoreTime('100000000 20000000 4000\n');

it.each([
  ['much waiting', '200000000 60000000 5000\n', true],
  ['hardly any', '200000000 25000000 5000\n', false],
  ['too little to tell', '101000000 99000000 4001\n', undefined],
])('%s', (_, text, crowded) => expect(crowdedBetween(start, parseCoreTime(text))).toBe(crowded));
