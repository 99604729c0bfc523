// Whether a document of --json has the shapes of docs/json.md.
import { expect } from 'vitest';

/** Parts of a document that differ from docs/json.md. */
export function misshapen(place: string, value: unknown): string[] {
  if (typeof value === 'string') return /^(\[ERR\]|\*\*\*)/.test(value) ? [`${place}: a mark`] : [];
  if (typeof value !== 'object' || value === null) return [];
  const wrong = Object.entries(value).flatMap(([key, one]) => misshapen(`${place}.${key}`, one));
  if (/\.(slots|openSlots|uncoveredSlots|uncovered)$/.test(place) && Array.isArray(value) && value.some((one) => typeof one === 'number')) wrong.push(`${place}: slots one by one`);
  if (!('id' in value) || typeof value.id !== 'string' || !/^[0-9a-f]{40}$/.test(value.id)) return wrong;
  if (!('host' in value && 'port' in value) || 'address' in value || 'name' in value) wrong.push(`${place}: ${Object.keys(value).join()}`);
  return wrong;
}

/** The document in a program's output. Fails for a wrong `schema`, for misshapen places, and for missing fields. */
export function documentOf<T>(stdout: string, ...fields: readonly string[]): T {
  const document = JSON.parse(stdout) as T & object;
  expect(document).toMatchObject({ schema: 2 });
  expect(misshapen('', document)).toEqual([]);
  expect(Object.keys(document)).toEqual(expect.arrayContaining([...fields]));
  return document;
}
