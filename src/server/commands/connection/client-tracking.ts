// CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO: checks and replies. Tracking itself is in exec/tracking.ts
// (persistence-replication.md 5.7).
import type { Args } from '../../exec/command.js';
import { ErrorReply, MapReply, OK, SetReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { int64Arg } from '../../exec/arguments.js';
import type { Client } from '../../exec/client.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import type { TrackingOptions } from '../../exec/tracking.js';

const err = (text: string): ErrorReply => new ErrorReply(`ERR ${text}`);
const ONE_REDIRECT = err('A client can only redirect to a single other client');
const NO_TARGET = err('The client ID you want redirect to does not exist');
const PREFIX_NEEDS_BCAST = err('PREFIX option requires BCAST mode to be enabled');
const SWITCH_BCAST = err(
  "You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const SWITCH_OPT = err(
  "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const BCAST_WITH_OPT = err('OPTIN and OPTOUT are not compatible with BCAST');
const BOTH_OPT = err("You can't specify both OPTIN mode and OPTOUT mode");
const CACHING_WITHOUT = err('CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled');
const YES_NEEDS_OPTIN = err('CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
const NO_NEEDS_OPTOUT = err('CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');

function parseOptions({ node }: CommandContext, args: Args): TrackingOptions {
  const options = { bcast: false, optin: false, optout: false, noloop: false, redirect: 0, prefixes: [] as string[] };
  for (let i = 3; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    const more = i + 1 < args.length;
    if (word === 'redirect' && more) {
      if (options.redirect !== 0) throw ONE_REDIRECT;
      options.redirect = Number(int64Arg(args[++i]));
      if (!node.clients.get(options.redirect)) throw NO_TARGET;
    } else if (word === 'prefix' && more) options.prefixes.push(args[++i]!);
    else if (word === 'bcast' || word === 'optin' || word === 'optout' || word === 'noloop') options[word] = true;
    else throw SYNTAX;
  }
  return options;
}

/** The checks are in Redis's order, which decides between two errors. */
function checkOptions(client: Client, options: TrackingOptions): void {
  const old = client.tracking;
  if (!options.bcast && options.prefixes.length > 0) throw PREFIX_NEEDS_BCAST;
  if (old && old.bcast !== options.bcast) throw SWITCH_BCAST;
  if (options.bcast && (options.optin || options.optout)) throw BCAST_WITH_OPT;
  if (options.optin && options.optout) throw BOTH_OPT;
  if (old && ((options.optin && old.optout) || (options.optout && old.optin))) throw SWITCH_OPT;
  if (options.bcast) checkPrefixes(options.prefixes, old?.prefixes ?? []);
}

const overlap = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);

function checkPrefixes(given: readonly string[], existing: readonly string[]): void {
  const tail = 'Prefixes for a single client must not overlap.';
  given.forEach((prefix, i) => {
    const old = existing.find((other) => overlap(other, prefix));
    if (old !== undefined) throw err(`Prefix '${prefix}' overlaps with an existing prefix '${old}'. ${tail}`);
    const other = given.slice(i + 1).find((later) => overlap(later, prefix));
    if (other !== undefined) throw err(`Prefix '${prefix}' overlaps with another provided prefix '${other}'. ${tail}`);
  });
}

export function clientTracking(ctx: CommandContext, args: Args): ServerReply {
  const { client, node } = ctx;
  const options = parseOptions(ctx, args);
  const mode = args[2]!.toLowerCase();
  if (mode === 'on') {
    checkOptions(client, options);
    node.tracking.enable(client, options);
  } else if (mode === 'off') node.tracking.disable(client);
  else throw SYNTAX;
  return OK;
}

export function clientCaching({ client }: CommandContext, args: Args): ServerReply {
  const { tracking } = client;
  if (tracking === null) throw CACHING_WITHOUT;
  const mode = args[2]!.toLowerCase();
  if (mode === 'yes') {
    if (!tracking.optin) throw YES_NEEDS_OPTIN;
  } else if (mode === 'no') {
    if (!tracking.optout) throw NO_NEEDS_OPTOUT;
  } else throw SYNTAX;
  tracking.caching = true;
  return OK;
}

export const clientGetredir = ({ client }: CommandContext): ServerReply => client.tracking?.redirect ?? -1;

export function clientTrackinginfo({ client }: CommandContext): ServerReply {
  const { tracking } = client;
  const flags = [tracking === null ? 'off' : 'on'];
  if (tracking?.bcast) flags.push('bcast');
  if (tracking?.optin) flags.push('optin', ...(tracking.caching ? ['caching-yes'] : []));
  if (tracking?.optout) flags.push('optout', ...(tracking.caching ? ['caching-no'] : []));
  if (tracking?.noloop) flags.push('noloop');
  if (tracking?.broken) flags.push('broken_redirect');
  return new MapReply([
    'flags', new SetReply(flags),
    'redirect', tracking?.redirect ?? -1,
    'prefixes', tracking?.prefixes ?? [],
  ]);
}
