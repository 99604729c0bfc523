// fix's lines about one open slot, for either predecessor (cli.md 2.5, 4.5, 8.7, 8.14). Pure.
import type { NameOf } from './step-text.js';
import type { Decision } from '../../plan/fix/step.js';
import type { LineDialect } from '../terminal.js';

/** redis-cli's line about the case of an open slot. */
function caseLine(decision: Decision, slot: number, name: NameOf): string {
  const owner = name(decision.owner);
  switch (decision.code) {
    case 'finish-move': {
      const from = name(decision.source ?? '');
      return decision.importing.length > 1
        ? `>>> Case 3: Moving slot ${slot} from ${from} to ${owner} and closing it on all the other importing nodes.`
        : `>>> Case 1: Moving slot ${slot} from ${from} to ${owner}`;
    }
    case 'undo-move':
      return decision.holders.some(({ keys }) => keys > 0) ? `>>> Case 2: Moving all the ${slot} slot keys to its owner ${owner}` : `>>> Case 3: Closing slot ${slot} on both migrating and importing nodes.`;
    case 'gather-open':
      return `>>> Case 2: Moving all the ${slot} slot keys to its owner ${owner}`;
    default: {
      const closed = [...decision.migrating, ...decision.importing].map(name).join(',');
      return decision.importing.length > 0 && decision.migrating.length > 0 ? '>>> Case 3: Closing slot ' + `${slot} on both migrating and importing nodes.` : `>>> Case 4: Closing slot ${slot} on ${closed}`;
    }
  }
}

/** Nodes with keys of the slot that neither claim it nor get it. */
function nonOwners({ holders, claimants, owner }: Decision): string[] {
  return holders.filter(({ node, keys }) => keys > 0 && !claimants.includes(node) && node !== owner).map(({ node }) => node);
}

function redisCliLines(decision: Decision, slot: number, name: NameOf): string[] {
  const { migrating, importing } = decision;
  return [
    `>>> Fixing open slot ${slot}`,
    ...nonOwners(decision).map((node) => `*** Found keys about slot ${slot} in non-owner node ${name(node)}!`),
    ...(migrating.length > 0 ? [`Set as migrating in: ${migrating.map(name).join(',')}`] : []),
    ...(importing.length > 0 ? [`Set as importing in: ${importing.map(name).join(',')}`] : []),
    caseLine(decision, slot, name),
  ];
}

/** redis-trib.rb's lines: both lists even when empty, no cases; keys are mentioned only for nodes in neither list. */
function redisTribLines(decision: Decision, slot: number, name: NameOf): string[] {
  const { migrating, importing } = decision;
  const unmarked = nonOwners(decision).filter((node) => !migrating.includes(node) && !importing.includes(node));
  return [
    `>>> Fixing open slot ${slot}`,
    ...unmarked.map((node) => `*** Found keys about slot ${slot} in node ${name(node)}!`),
    `Set as migrating in: ${migrating.map(name).join(',')}`,
    `Set as importing in: ${importing.map(name).join(',')}`,
    ...(decision.code === 'gather-open' || (decision.code === 'undo-move' && decision.holders.some(({ keys }) => keys > 0)) ? [`>>> Moving all the ${slot} slot keys to its owner ${name(decision.owner)}`] : []),
  ];
}

/** The lines of one open slot, without the reason. */
export function openSlotLines(decision: Decision, slot: number, name: NameOf, dialect: LineDialect): string[] {
  return (dialect === 'redis-cli' ? redisCliLines : redisTribLines)(decision, slot, name);
}
