import { expect, it } from 'vitest';
import { counted } from '../../src/ui/views/count.js';

it.each([[0, '0 keys'], [1, '1 key'], [2000, '2,000 keys']])('writes %i with its noun as "%s"', (count, text) => expect(counted(count, 'key')).toBe(text));
