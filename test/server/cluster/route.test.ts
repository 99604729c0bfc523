// The table of cluster-node.md 6.5, row by row.
import { describe, expect, it } from 'vitest';
import type { RouteRequest } from '../../../src/server/exec/ports/cluster-port.js';
import { routeErrorOfBlocked, routeErrorLine, route } from '../../../src/server/cluster/route.js';
import { Fixture } from './state-fixture.js';

const QUERY: RouteRequest = { keys: ['foo'], write: false, readonly: false, asking: false, migrate: false, shardChannel: false };
const FOO = 12182;

/** We own the slot of foo, another node that of bar (5061). */
function fixture(): { f: Fixture; ask: (over: Partial<RouteRequest>, ...present: string[]) => string } {
  const f = new Fixture();
  f.own(f.node('a'), 5061);
  f.own(f.state.myself, FOO);
  f.state.ok = true;
  const ask = (over: Partial<RouteRequest>, ...present: string[]): string => {
    const error = route(f.state, { ...QUERY, ...over }, (key) => present.includes(key));
    return error === null ? 'local' : routeErrorLine(f.state, error);
  };
  return { f, ask };
}

const MOVED_BAR = 'MOVED 5061 10.0.0.97:7000';

describe('routing', () => {
  it('serves our own slots, redirects for others, refuses unowned slots and keys of several slots', () => {
    const { f, ask } = fixture();
    expect(ask({})).toBe('local');
    expect(f.state.ownsStable(FOO)).toBe(true);
    expect(f.state.ownsStable(5061)).toBe(false);
    expect(ask({ keys: ['bar'] })).toBe(MOVED_BAR);
    expect(ask({ keys: ['{foo}1', '{foo}2'] })).toBe('local');
    expect(ask({ keys: ['foo', 'bar'] })).toBe("CROSSSLOT Keys in request don't hash to the same slot");
    expect(ask({ keys: ['hello', 'foo'] })).toBe('CLUSTERDOWN Hash slot not served');
    expect(ask({ keys: [] })).toBe('local');
    expect(ask({ keys: ['bar'], asking: true })).toBe(MOVED_BAR);
  });

  it('answers CLUSTERDOWN while the cluster is down, except where the settings allow it', () => {
    const { f, ask } = fixture();
    f.state.ok = false;
    expect(f.state.ownsStable(FOO)).toBe(false);
    expect(ask({})).toBe('CLUSTERDOWN The cluster is down');
    expect(ask({ shardChannel: true })).toBe('local');
    f.settings.allowPubsubShardWhenDown = false;
    expect(ask({ shardChannel: true })).toBe('CLUSTERDOWN The cluster is down');
    f.settings.allowReadsWhenDown = true;
    expect(ask({})).toBe('local');
    expect(ask({ write: true })).toBe('CLUSTERDOWN The cluster is down and only accepts read commands');
    expect(ask({ keys: ['foo', 'bar'] })).toMatch(/^CROSSSLOT/);
  });

  it('redirects by the keys that are present while a slot migrates', () => {
    const { f, ask } = fixture();
    f.state.slots.setMigrating(FOO, f.state.nodes[1]!);
    expect(f.state.ownsStable(FOO)).toBe(false);
    expect(ask({}, 'foo')).toBe('local');
    expect(ask({})).toBe('ASK 12182 10.0.0.97:7000');
    expect(ask({ keys: ['foo', '{foo}2'] }, 'foo')).toBe('TRYAGAIN Multiple keys request during rehashing of slot');
    expect(ask({ keys: ['foo', '{foo}2'] })).toMatch(/^ASK /);
    expect(ask({ keys: ['foo', '{foo}2'] }, 'foo', '{foo}2')).toBe('local');
    expect(ask({ migrate: true, keys: ['foo', '{foo}2'] })).toBe('local');
    expect(ask({ shardChannel: true })).toBe('local');
  });

  it('serves by the keys that are present while a slot is imported', () => {
    const { f, ask } = fixture();
    f.state.slots.setImporting(5061, f.state.nodes[1]!);
    expect(ask({ keys: ['bar'] })).toBe(MOVED_BAR);
    expect(ask({ keys: ['bar'], asking: true })).toBe('local');
    expect(ask({ keys: ['bar', '{bar}2'], asking: true }, 'bar')).toMatch(/^TRYAGAIN/);
    expect(ask({ keys: ['bar', 'bar'], asking: true })).toBe('local');
    expect(ask({ keys: ['bar', '{bar}2'], asking: true }, 'bar', '{bar}2')).toBe('local');
    expect(ask({ keys: ['bar'], migrate: true })).toBe('local');
  });

  it('names nodes by cluster-preferred-endpoint-type', () => {
    const { f, ask } = fixture();
    f.settings.preferredEndpointType = 'hostname';
    expect(ask({ keys: ['bar'] })).toBe('MOVED 5061 ?:7000');
    f.state.nodes[1]!.hostname = 'host-a';
    expect(ask({ keys: ['bar'] })).toBe('MOVED 5061 host-a:7000');
    f.settings.preferredEndpointType = 'unknown-endpoint';
    expect(ask({ keys: ['bar'] })).toBe('MOVED 5061 :7000');
  });

  it('ends the wait of blocked clients when their slot is no longer served here', () => {
    const { f } = fixture();
    expect(routeErrorOfBlocked(f.state, 'foo', false)).toBeNull();
    expect(routeErrorOfBlocked(f.state, 'bar', false)?.kind).toBe('moved');
    expect(routeErrorOfBlocked(f.state, 'hello', false)?.kind).toBe('unbound');
    f.state.slots.setImporting(5061, f.state.nodes[1]!);
    expect(routeErrorOfBlocked(f.state, 'bar', false)).toBeNull();
    f.state.ok = false;
    expect(routeErrorOfBlocked(f.state, 'foo', false)?.kind).toBe('down');
  });
});
