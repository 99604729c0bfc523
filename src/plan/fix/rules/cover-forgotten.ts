// As cover-empty.ts, when it is improbable that so many slots are really empty: their owner may be alive and forgotten by all
// other nodes. It would delete its keys when it meets the cluster again (cluster-node.md 3.4.2).
import { isUnexplained } from '../improbably-empty.js';
import type { SlotRule } from '../rule.js';
import { coverRepair } from '../uncovered.js';

/** `0.09`, `12`, `1834`. */
function average(keys: number): string {
  return keys >= 10 ? String(Math.round(keys)) : String(Number(keys.toPrecision(2)));
}

export const coverForgotten: SlotRule = {
  code: 'cover-forgotten',
  consent: {
    name: 'coverForgotten',
    question: "No reachable node holds a key of these slots, although the other slots hold keys: their owner may be alive and forgotten (CLUSTER FORGET), and its keys are lost then. Look for it first: CLUSTER MEET brings it back. Give the slots to the nodes named above nevertheless? (type 'yes' to accept):",
    byYes: false,
    refusal: "its keys would be lost: look for a running server that CLUSTER NODES no longer lists (CLUSTER MEET with its address, sent to any node, brings it back); when there is none, to give the slots to other nodes",
  },
  repair: ({ facts, assignee, improbable }) => {
    if (improbable === undefined || !isUnexplained(facts)) return undefined;
    const { slots, keysPerSlot } = improbable;
    const reason = `${slots === 1 ? 'this slot holds' : `these ${slots} slots hold`} no key on any reachable node, although the other slots hold ${average(keysPerSlot)} keys a slot on average; their owner may be alive and forgotten (CLUSTER FORGET)`;
    return { ...coverRepair(facts, assignee), code: 'cover-forgotten', danger: 'dangerous', reason };
  },
};
