// Properties of every subcommand, over the whole list, on one real cluster: --json prints one document with `schema`, also for
// failures; --dry-run changes nothing; without a terminal, a command that would ask fails at once and names the flag. A
// subcommand that is missing from the table fails the last test.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { rdbName } from '../../src/apply/backup/nodes-json.js';
import { RdbFileWriter } from '../../src/rdb/file-writer.js';
import { RdbType } from '../../src/rdb/value-types.js';
import { runHere, type ProgramRun } from '../support/broken-cluster.js';
import { misshapen } from '../support/json-shape.js';
import { describeWithRedis, freePort, startClusterNodes, startRedis, startRedisCluster, type RedisNode, type RedisNodes } from '../support/redis-server.js';

interface Row {
  /** Words that succeed and change nothing that lasts; none where another test runs it with --json (named in `elsewhere`). */
  readonly reads?: readonly string[];
  /** Fields of the document beside `schema`. */
  readonly fields?: readonly string[];
  readonly elsewhere?: string;
  /** Words that fail, with the exit code and the code in the document. */
  readonly fails: readonly (readonly [words: readonly string[], exit: number, code: string])[];
  /** For commands that change something: words with which they do. --dry-run is added. */
  readonly would?: readonly string[];
  /**
   * Words that need an answer, and the flag that gives it; null where the predecessors do not ask, so that the command runs
   * without a terminal.
   */
  readonly asks?: readonly [words: readonly string[], flag: string] | null;
}

describeWithRedis('every subcommand', () => {
  let cluster: RedisNodes;
  let spare: RedisNodes;
  let plain: RedisNode;
  let folder: string;
  let closed = '';
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const nobody = 'f'.repeat(40);

  beforeAll(async () => {
    // Two masters with slots, an empty one, and a replica of each.
    [cluster, spare, plain] = await Promise.all([startRedisCluster(3, { replicas: 1, slots: [[0, 8191], [8192, 16383], null] }), startClusterNodes(3), startRedis()]);
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-every-'));
    const file = new RdbFileWriter();
    file.database(0, 1, 0);
    file.key('a', RdbType.string, null);
    file.body.str('1');
    writeFileSync(join(folder, 'small.rdb'), file.end());
    mkdirSync(join(folder, 'kept'));
    copyFileSync(join(folder, 'small.rdb'), join(folder, 'kept', rdbName({ host: 'h', port: 1, id: 'a'.repeat(40) })));
    writeFileSync(join(folder, 'kept', 'nodes.json'), JSON.stringify([{ name: 'a'.repeat(40), host: 'h', port: 1, replicate: null, slots_count: 1 }]));
    closed = `127.0.0.1:${await freePort()}`;
    await using link = await plain.connect();
    await link.pipeline([['SET', 'a', '1'], ['SET', 'b', '2']]);
    await run('reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '3', '--dry-run', '--plan-out', 'plan.json');
  });
  afterAll(async () => {
    await Promise.all([cluster.stop(), spare.stop(), plain.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...words: string[]): Promise<ProgramRun> => runHere(words, { cwd: folder });

  const table = (): Readonly<Record<string, Row>> => ({
    demo: { elsewhere: 'demo.test.ts', fails: [[['--masters', '0'], 2, 'USAGE']] },
    local: { elsewhere: 'local.test.ts', fails: [[['status'], 1, 'NO_LOCAL_CLUSTER'], [['upp'], 2, 'USAGE']], would: ['up'], asks: null },
    create: { elsewhere: 'cluster.test.ts', fails: [[[at(0), at(1), at(2), '--yes'], 1, 'NOT_EMPTY'], [[closed, closed, closed], 3, 'ECONNREFUSED']], would: spare.nodes.map(({ address }) => address), asks: [spare.nodes.map(({ address }) => address), '--yes'] },
    check: { reads: [at(0)], fields: ['nodes', 'ranges', 'ok', 'agreement', 'openSlots', 'uncoveredSlots', 'findings'], fails: [[[closed], 3, 'ECONNREFUSED']] },
    meet: { elsewhere: 'meet.test.ts', fails: [[[at(0), closed], 3, 'ECONNREFUSED'], [[at(0), spare.nodes[0]?.address ?? ''], 1, 'NOT_A_MEMBER']], would: [at(0), at(1)], asks: null },
    info: { reads: [at(0)], fields: ['keys', 'masters', 'replicas', 'ranges', 'nodes', 'unreachable'], fails: [[[closed], 3, 'ECONNREFUSED']] },
    nodes: { reads: [at(0)], fields: ['nodes', 'unreachable'], fails: [[[closed], 3, 'ECONNREFUSED']] },
    slots: { reads: [at(0), 'foo'], fields: ['slots', 'open', 'uncovered', 'keys'], fails: [[[closed], 3, 'ECONNREFUSED']] },
    fix: { reads: [at(0)], fields: ['ok', 'applied', 'before', 'plan'], fails: [[[closed], 3, 'ECONNREFUSED'], [[spare.seed], 1, 'NOT_A_MEMBER']], would: [at(0)], asks: null },
    reshard: { reads: [at(0), '--from', 'all', '--to', at(1), '--slots', '3', '--dry-run'], fields: ['plan', 'applied'], fails: [[[at(0), '--from', nobody, '--to', at(1), '--slots', '1', '--yes'], 1, 'NO_SUCH_NODE']], would: [at(0), '--from', 'all', '--to', at(1), '--slots', '3'], asks: [[at(0), '--from', 'all', '--to', at(1), '--slots', '3'], '--yes'] },
    apply: { reads: ['plan.json', '--dry-run'], fields: ['plan', 'applied'], fails: [[['nowhere.json'], 2, 'BAD_PLAN_FILE']], would: ['plan.json'], asks: [['plan.json'], '--yes'] },
    rebalance: { reads: [at(0)], fields: ['plan', 'applied'], fails: [[[at(0), '--weight', `${nobody}=1`], 1, 'NO_SUCH_NODE'], [[at(0), '--weight', 'x'], 2, 'BAD_WEIGHT']], would: [at(0), '--use-empty-masters'], asks: null },
    'add-node': { reads: [spare.seed, at(0), '--dry-run'], fields: ['plan', 'applied'], fails: [[[closed, at(0)], 3, 'ECONNREFUSED'], [[spare.seed, at(0), '--replica', '--master-id', nobody], 1, 'NO_SUCH_MASTER']], would: [spare.seed, at(0)], asks: null },
    'del-node': { reads: [at(0), at(2), '--dry-run'], fields: ['plan', 'applied', 'remarks'], fails: [[[at(0), nobody], 1, 'NO_SUCH_NODE'], [[at(0), at(1)], 1, 'NOT_EMPTY']], would: [at(0), at(1), '--drain'], asks: [[at(0), at(1), '--drain'], '--yes'] },
    failover: { reads: [at(3), '--dry-run'], fields: ['plan', 'applied'], fails: [[[at(0), '--yes'], 1, 'ALREADY_MASTER']], would: [at(3)], asks: [[at(3)], '--yes'] },
    rolling: { elsewhere: 'rolling.test.ts', fails: [[[at(0), '--exec', 'reboot'], 2, 'USAGE'], [[at(0), '--nodes', nobody, '--exec', 'echo {port}', '--yes'], 1, 'NO_SUCH_NODE']], would: [at(0), '--exec', 'echo {port}', '--only-replicas'], asks: [[at(0), '--exec', 'echo {port}', '--only-replicas'], '--yes'] },
    replicate: { reads: [at(2), '--master', at(1), '--dry-run'], fields: ['plan', 'applied'], fails: [[[at(0), '--master', at(1), '--yes'], 1, 'OWNS_SLOTS']], would: [at(2), '--master', at(1)], asks: [[at(2)], '--master NODE'] },
    forget: { reads: [at(0), '--failed'], fields: ['nodes', 'told', 'untold', 'applied'], fails: [[[at(0), nobody, '--yes'], 1, 'NO_SUCH_NODE'], [[at(0)], 2, 'USAGE']], would: [at(0), at(5)], asks: [[at(0), at(5)], '--yes'] },
    reset: { reads: [at(2), '--dry-run'], fields: ['plan', 'keys', 'others', 'applied'], fails: [[[at(0), '--yes'], 1, 'OWNS_SLOTS']], would: [at(2), '--hard'], asks: [[at(2)], '--yes'] },
    'set-timeout': { reads: [at(0), '5000', '--dry-run'], fields: ['ms', 'applied', 'nodes', 'unreachable'], fails: [[[at(0), '50'], 2, 'USAGE']], would: [at(0), '9000'], asks: null },
    import: { reads: [at(0), '--from', plain.address, '--dry-run'], fields: ['source', 'copy', 'applied', 'plan'], fails: [[[at(0)], 2, 'USAGE'], [[at(0), '--from', at(1)], 1, 'SOURCE_IS_CLUSTER'], [[at(0), '--from', closed], 3, 'ECONNREFUSED']], would: [at(0), '--from', plain.address], asks: null },
    backup: { reads: [at(0), 'saved'], fields: ['ok', 'ms', 'manifest', 'files', 'missing'], fails: [[[at(0), 'plan.json'], 1, 'NOT_WRITABLE']], would: [at(0), 'elsewhere'], asks: null },
    restore: { reads: ['kept', at(0), '--merge', '--dry-run'], fields: ['ok', 'applied', 'plan', 'missing'], fails: [[['.', at(0)], 1, 'NO_BACKUP'], [['kept', closed], 3, 'ECONNREFUSED'], [['kept'], 2, 'USAGE']], would: ['kept', at(0), '--merge'], asks: [['kept', at(0), '--merge'], '--yes'] },
    rdb: { reads: ['small.rdb'], fields: ['file', 'ok', 'keys', 'types', 'databases', 'bySlot', 'largest', 'expiries', 'commands'], fails: [[['nowhere.rdb'], 1, 'NO_SUCH_FILE'], [['.'], 1, 'NOT_A_FILE'], [[], 2, 'USAGE']] },
    call: { reads: [at(0), 'ping'], fields: ['command', 'results', 'unreachable'], fails: [[[closed, 'ping'], 3, 'ECONNREFUSED']] },
    'consistency-test': { reads: [at(0), '--duration', '0.2'], fields: ['reads', 'writes', 'lost', 'unverified', 'seconds'], fails: [[[closed], 3, 'ECONNREFUSED']] },
    completion: { reads: ['bash'], fields: ['shell', 'script'], fails: [[['tcsh'], 2, 'USAGE']] },
  });

  /** Everything that a change would show in: roles, slots, epochs, settings, number of keys; files written. */
  const everything = async (): Promise<string> => {
    const texts = await Promise.all(
      [...cluster.nodes, ...spare.nodes, plain].map(async (node) => {
        await using link = await node.connect();
        const [nodes, size, settings] = await link.pipeline([['CLUSTER', 'NODES'], ['DBSIZE'], ['CONFIG', 'GET', 'cluster-node-timeout']]);
        const lines = String(nodes).split('\n').map((line) => line.split(' ').filter((_, column) => column !== 4 && column !== 5).join(' '));
        return [node.address, ...lines.sort(), String(size), String(settings)].join('\n');
      }),
    );
    return [...texts, readdirSync(folder).sort().join()].join('\n\n');
  };

  const document = (run: ProgramRun, name: string): Record<string, unknown> => {
    expect(run.stdout, `${name}: ${run.stderr}`).toMatch(/^\{\n {2}"schema": 2,\n[^]*\n\}\n$/);
    const found = JSON.parse(run.stdout) as Record<string, unknown>;
    expect(misshapen('', found), name).toEqual([]);
    return found;
  };

  describe.each(commands.map(({ name }) => name))('%s', (name) => {
    it('prints one document with a schema with --json, for failures too', async () => {
      const row = table()[name];
      if (row?.reads !== undefined) {
        const done = await run(name, ...row.reads, '--json');
        expect(done, `${name}: ${done.stdout}${done.stderr}`).toMatchObject({ code: 0 });
        expect(Object.keys(document(done, name))).toEqual(expect.arrayContaining([...(row.fields ?? [])]));
      }
      for (const [words, exit, code] of row?.fails ?? []) {
        const failed = await run(name, ...words, '--json');
        const { error } = document(failed, name) as { error?: { code: string; message: string; hint?: string } };
        expect([words, failed.code, error?.code]).toEqual([words, exit, code]);
        expect(error?.message).toMatch(/\S{3}/);
        expect(error?.hint, `${name} ${words.join(' ')}: a hint what to do`).toMatch(/\S{3}/);
        expect(failed.stderr).not.toMatch(/error:|\[ERR\]/);
      }
    });

    it('prints the same failures as text on stderr, with advice', async () => {
      for (const [words, exit] of table()[name]?.fails ?? []) {
        const failed = await run(name, ...words);
        expect([words, failed.code]).toEqual([words, exit]);
        expect(failed.stderr).toMatch(/^(error: |\[ERR\] |\*\*\* )[^]*\ntry: /m);
        expect(failed.stderr).not.toMatch(/^ {4}at |undefined|\[object/m);
      }
    });

    it('changes nothing with --dry-run', async () => {
      const would = table()[name]?.would;
      if (would === undefined) return;
      const before = await everything();
      for (const mode of ['plain', 'table', 'json']) {
        const dry = await run(name, ...would, '--dry-run', '-o', mode);
        expect(dry, `${name}: ${dry.stderr}`).toMatchObject({ code: 0 });
        expect(dry.stdout).not.toBe('');
        if (mode === 'json') expect(document(dry, name)['applied'] ?? false).toBe(false);
      }
      expect(await everything()).toBe(before);
    });

    it('exits 2 and names the flag of its question with an empty stdin, and changes nothing', async () => {
      const asks = table()[name]?.asks;
      if (asks === undefined || asks === null) return;
      const [words, flag] = asks;
      const before = await everything();
      expect(await run(name, ...words)).toMatchObject({ code: 2, stderr: expect.stringContaining(`add ${flag}`) as string });
      const { error } = document(await run(name, ...words, '--json'), name) as { error: { code: string; hint: string } };
      expect(error).toMatchObject({ code: 'NO_ANSWER', hint: expect.stringContaining(flag) as string });
      expect(await everything()).toBe(before);
    });
  });

  it('is listed in docs/json.md with the fields of its document', () => {
    const page = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');
    const listed = new Map([...page.matchAll(/^\| ([a-z-]+) \| (.+) \|$/gm)].map(([, name = '', fields = '']) => [name, fields] as const));
    for (const [name, { fields = [] }] of Object.entries(table())) {
      expect([name, listed.has(name)]).toEqual([name, true]);
      expect([name, fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(listed.get(name) ?? ''))]).toEqual([name, []]);
    }
  });

  it('is in this test, and those that change something have their rows', async () => {
    const rows = table();
    expect(Object.keys(rows).sort()).toEqual(commands.map(({ name }) => name).sort());
    for (const { name, load } of commands) {
      const row = rows[name];
      const { mutates } = (await load()).default;
      expect([name, row?.would !== undefined, row?.asks !== undefined]).toEqual([name, mutates, mutates]);
      expect([name, row?.reads !== undefined || row?.elsewhere !== undefined, row?.fails.length === 0]).toEqual([name, true, false]);
    }
  });
});
