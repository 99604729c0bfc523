// The content of nodes that are to be emptied (create --reset), and the confirmation. Pure.
import type { EmptiedNode, EmptyingPlan } from '../../plan/emptying.js';
import type { Step } from '../../plan/step.js';
import { counted, formatCount } from './count.js';
import type { NameOf } from './step-text.js';

/** What one node loses, in a line. */
export function holdingText({ role, keys, functions, slots, knows }: EmptiedNode): string {
  const total = keys.reduce((sum, { keys: count }) => sum + count, 0);
  const databases = keys.map(({ database, keys: count }) => `db${database}: ${count}`).join(', ');
  const others = knows.named + knows.unlisted;
  const unlisted = knows.unlisted === 0 ? '' : knows.unlisted === others ? ', not listed here' : `, ${formatCount(knows.unlisted)} of them not listed here`;
  return [
    ...(role === 'replica' ? ['a replica'] : []),
    ...(total > 0 ? [`${counted(total, 'key')} (${databases})`] : []),
    ...(functions > 0 ? [counted(functions, 'function library')] : []),
    ...(slots > 0 ? [`serves ${counted(slots, 'slot')}`] : []),
    ...(others > 0 ? [`knows ${counted(others, 'node')}${unlisted}`] : []),
  ].join('; ');
}

/** A heading and a line for each node. */
export function emptyingLines(plan: EmptyingPlan): string[] {
  return ['>>> Emptying these nodes first; they take new ids, and their data is deleted:', ...plan.nodes.map((node) => `${node.name}: ${holdingText(node)}`)];
}

/** Asked before anything is deleted. */
export function emptyingQuestion({ nodes, keys, functions }: EmptyingPlan): string {
  const lost = [...(keys > 0 ? [counted(keys, 'key')] : []), ...(functions > 0 ? [counted(functions, 'function library')] : [])];
  const them = counted(nodes.length, 'node');
  return lost.length > 0 ? `Delete ${lost.join(' and ')} of ${them} permanently, and reset? (type 'yes' to accept):` : `Reset ${them}: forget the nodes and slots known there? (type 'yes' to accept):`;
}

/** The line a step prints when piped. */
export function emptyingLine(step: Step, name: NameOf): string | undefined {
  if (step.kind === 'flush') return `>>> Sending FLUSHALL to ${name(step.node)}`;
  if (step.kind === 'flush-functions') return `>>> Sending FUNCTION FLUSH to ${name(step.node)}`;
  return step.kind === 'reset' ? `>>> Sending CLUSTER RESET ${step.mode.toUpperCase()} to ${name(step.node)}` : undefined;
}
