// redis-trib meet: reconnects members that have a new address. The other nodes try the old address; the node's id identifies
// it.
import type { Address } from '../src/cluster/address.js';
import { parseSeed, takeSeed, type SeedAddresses } from '../src/cli/options/address.js';
import { wrongNumber } from '../src/cli/program/arguments.js';
import { defineCommand, type Arguments } from '../src/cli/program/define.js';
import { openSeed } from '../src/cli/connection/open.js';
import { decimal } from '../src/cli/options/options.js';

const USAGE = 'HOST:PORT NEW_HOST:PORT…';

const args: Arguments<{ readonly seed: SeedAddresses; readonly addresses: readonly Address[] }> = {
  usage: USAGE,
  parse(words) {
    if (words.length < 2) throw wrongNumber(USAGE);
    const { seed, rest } = takeSeed(words);
    if (rest.length === 0) throw wrongNumber(USAGE);
    return { seed, addresses: parseSeed(rest.join(',')).addresses };
  },
};

interface Met {
  readonly nodes: readonly { readonly id: string; readonly host: string; readonly port: number; readonly before: string; readonly met: boolean }[];
  readonly applied: boolean;
}

export default defineCommand({
  args,
  connects: true,
  mutates: true,
  options: { joinTimeout: decimal('SECONDS', 'how long to wait until all nodes agree', { min: 0.1, fallback: 60 }) },
  description: 'For members that were restarted with another address. Give first any node with its old address, then the new addresses as the other nodes reach them. Slots, roles and data do not change; nodes that are not members are refused.',
  examples: ['redis-trib meet 10.0.0.1:7000 10.0.0.9:7002', 'redis-trib meet 10.0.0.1:7000 10.0.0.8:7001 10.0.0.9:7002 --dry-run'],
  async run({ args: { seed, addresses }, options }, context): Promise<Met> {
    await using cluster = await openSeed(seed, context);
    const { meetReturning, openReturning } = await import('../src/apply/steps/meet.js');
    const returning = await openReturning(cluster, addresses);
    try {
      const nodes = returning.map(({ link, before, present }) => ({ id: link.id, ...link.announced, before, met: !present }));
      const away = returning.filter(({ present }) => !present);
      if (options.dryRun || away.length === 0) return { nodes, applied: false };
      const what = away.map(({ link, before }) => `${link.name} as ${link.id.slice(0, 8)}, which was ${before}`).join('; ');
      await context.confirm(`Make ${cluster.view.nodes.length} nodes meet ${what}? (type 'yes' to accept):`);
      await meetReturning(cluster, returning, { timeoutMs: options.joinTimeout * 1000, signal: context.signal });
      return { nodes, applied: true };
    } finally {
      for (const { link } of returning) link.close();
    }
  },
  render({ nodes, applied }, { io }) {
    for (const { host, port, before, met } of nodes) {
      const name = `${host}:${port}`;
      io.out(met ? `${applied ? '[OK] ' : ''}${name}, which was ${before}, ${applied ? 'is known to all nodes' : 'would be introduced'}.` : `[OK] ${name} already has this address.`);
    }
  },
});
