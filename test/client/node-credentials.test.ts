import { describe, expect, it } from 'vitest';
import { credentialRules, credentialsFor, type CredentialRule } from '../../src/client/node-credentials.js';

const rule = (host: string, port: number | undefined, password: string): CredentialRule => ({ host, port, credentials: { password } });
const nobody = (): Promise<string[]> => Promise.resolve([]);

describe('credentialRules', () => {
  it('prefers an entry with a port, then the first address, then a literal match to a resolved name', async () => {
    const asked: string[] = [];
    const resolver = (host: string): Promise<string[]> => {
      asked.push(host);
      return Promise.resolve(host === 'a.example' ? ['10.0.0.1', '::1'] : []);
    };
    const of = credentialRules([rule('10.0.0.1', undefined, 'host'), rule('10.0.0.1', 7000, 'port'), rule('A.Example', 7002, 'name'), rule('::1', 7005, 'six')], resolver);
    const passwordOf = async (...places: [string, number][]): Promise<string | undefined> => (await of(places.map(([host, port]) => ({ host, port }))))?.password;
    expect(await passwordOf(['10.0.0.1', 7000])).toBe('port');
    expect(await passwordOf(['10.0.0.1', 7001])).toBe('host');
    expect(await passwordOf(['a.EXAMPLE', 7002])).toBe('name');
    expect(await passwordOf(['10.9.9.9', 7000], ['10.0.0.1', 7000])).toBe('port');
    expect(asked).toEqual([]);
    expect(await passwordOf(['a.example', 7000])).toBe('port');
    expect(await passwordOf(['::1', 7002])).toBe('name');
    expect(await passwordOf(['10.9.9.9', 7000])).toBeUndefined();
    expect(asked).toEqual(['a.example']);
  });

  it('ignores names that cannot be resolved', async () => {
    expect(await credentialRules([rule('gone.example', 7000, 'x')], nobody)([{ host: 'other.example', port: 7000 }])).toBeUndefined();
  });
});

describe('credentialsFor', () => {
  it("uses all credentials of a node\'s own entry: never its user with the password of the cluster", async () => {
    const credentialsOf = credentialRules([rule('10.0.0.1', 7000, 'own'), { host: '10.0.0.2', port: undefined, credentials: {} }], nobody);
    const access = { username: 'admin', password: 'all', credentialsOf };
    expect(await credentialsFor(access, [{ host: '10.0.0.1', port: 7000 }])).toEqual({ password: 'own' });
    expect(await credentialsFor(access, [{ host: '10.0.0.2', port: 7000 }])).toEqual({});
    expect(await credentialsFor(access, [{ host: '10.0.0.3', port: 7000 }])).toEqual({ username: 'admin', password: 'all' });
    expect(await credentialsFor({}, [{ host: '10.0.0.3', port: 7000 }])).toEqual({});
  });
});
