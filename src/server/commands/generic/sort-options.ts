// The options of SORT and SORT_RO, and their key positions.
import type { Args } from '../../exec/command.js';
import { ErrorReply } from '../../../resp/server-reply.js';
import { int64Arg } from '../../exec/arguments.js';
import { SYNTAX } from '../../errors.js';

export interface SortOptions {
  desc: boolean;
  alpha: boolean;
  start: number;
  /** Negative: all. */
  count: number;
  by: string | null;
  readonly get: string[];
  store: string | null;
}

const BY_IN_CLUSTER = new ErrorReply('ERR BY option of SORT denied in Cluster mode.');
const GET_IN_CLUSTER = new ErrorReply('ERR GET option of SORT denied in Cluster mode.');

/**
 * Reads the options from word 2 on.
 * @param stores whether STORE is known (SORT) or not (SORT_RO)
 * @throws the error of the first word that is wrong, in Redis's order
 */
export function sortOptions(args: Args, stores: boolean, inCluster: boolean): SortOptions {
  const options: SortOptions = { desc: false, alpha: false, start: 0, count: -1, by: null, get: [], store: null };
  for (let i = 2; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    const left = args.length - i - 1;
    if (word === 'asc') options.desc = false;
    else if (word === 'desc') options.desc = true;
    else if (word === 'alpha') options.alpha = true;
    else if (word === 'limit' && left >= 2) {
      options.start = Number(int64Arg(args[++i]));
      options.count = Number(int64Arg(args[++i]));
    } else if (word === 'store' && stores && left >= 1) options.store = args[++i]!;
    else if (word === 'by' && left >= 1) {
      options.by = args[++i]!;
      if (inCluster && options.by.includes('*')) throw BY_IN_CLUSTER;
    } else if (word === 'get' && left >= 1) {
      if (inCluster) throw GET_IN_CLUSTER;
      options.get.push(args[++i]!);
    } else throw SYNTAX;
  }
  return options;
}

const SKIP: Readonly<Record<string, number>> = { limit: 2, get: 1, by: 1 };

/** Key positions of SORT: the sorted key, and the target of the last STORE. */
export function sortKeys(args: Args): number[] {
  let store = 0;
  for (let i = 2; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    if (word === 'store' && i + 1 < args.length) store = ++i;
    else i += SKIP[word] ?? 0;
  }
  return store === 0 ? [1] : [1, store];
}

export const sortRoKeys = (): number[] => [1];
