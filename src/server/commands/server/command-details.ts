// One command as COMMAND and COMMAND INFO describe it: flags, categories, key positions, subcommands.
import { MapReply, SetReply, Simple } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { Command } from '../../exec/command.js';
import type { KeySpec } from '../../exec/command-of.js';
import { aclCategories } from '../../exec/acl-categories.js';

/** The reply for one command: ten elements. */
export function commandDetails(command: Command): ServerReply {
  const { spec } = command;
  const [first, last, step] = legacyRange(spec.keys ?? []);
  return [
    command.fullName,
    spec.arity,
    new SetReply(flagsOf(command).map((flag) => new Simple(flag))),
    first,
    last,
    step,
    new SetReply(aclCategories(command).map((category) => new Simple(`@${category}`))),
    new SetReply(spec.tips ?? []),
    new SetReply((spec.keys ?? []).map(keySpecDetails)),
    command.subcommands ? [...command.subcommands.values()].map(commandDetails) : new SetReply([]),
  ];
}

/** `movablekeys` marks commands whose keys legacyRange() cannot express. Redis does not show may_replicate. */
function flagsOf({ spec }: Command): readonly string[] {
  const shown = spec.flags.filter((flag) => flag !== 'may_replicate');
  if (spec.flags.includes('movablekeys') || !isMovable(spec.keys ?? [], spec.findKeys !== undefined)) return shown;
  return [...shown, 'movablekeys'];
}

const isMovable = (specs: readonly KeySpec[], hasKeyFinder: boolean): boolean =>
  (hasKeyFinder && specs.length > 0) || specs.some((spec) => spec.begin === null || !('index' in spec.begin) || spec.find === null || !('last' in spec.find));

/** First key, last key and step: the form of key positions before 7.0, which can express only adjoining ranges. */
function legacyRange(specs: readonly KeySpec[]): readonly [first: number, last: number, step: number] {
  let [first, last, step, previous] = [0, 0, 0, 0];
  for (const { begin, find } of specs) {
    if (!begin || !('index' in begin) || !find || !('last' in find)) continue;
    const end = find.last >= 0 ? begin.index + find.last : find.last;
    if (first !== 0 && (find.step !== 1 || previous !== begin.index - 1)) continue;
    first = first === 0 ? begin.index : Math.min(first, begin.index);
    last = end;
    step = find.step;
    previous = end;
  }
  return [first, last, step];
}

function keySpecDetails({ flags, begin, find }: KeySpec): ServerReply {
  return new MapReply([
    'flags', new SetReply(flags.map((flag) => new Simple(flag.length === 2 ? flag : flag.toLowerCase()))),
    'begin_search', beginDetails(begin),
    'find_keys', findDetails(find),
  ]);
}

const typed = (type: string, ...spec: readonly ServerReply[]): ServerReply => new MapReply(['type', type, 'spec', new MapReply(spec)]);

function beginDetails(begin: KeySpec['begin']): ServerReply {
  if (!begin) return typed('unknown');
  return 'index' in begin ? typed('index', 'index', begin.index) : typed('keyword', 'keyword', begin.keyword, 'startfrom', begin.from);
}

function findDetails(find: KeySpec['find']): ServerReply {
  if (!find) return typed('unknown');
  return 'last' in find
    ? typed('range', 'lastkey', find.last, 'keystep', find.step, 'limit', find.limit)
    : typed('keynum', 'keynumidx', find.numIndex, 'firstkey', find.first, 'keystep', find.step);
}
