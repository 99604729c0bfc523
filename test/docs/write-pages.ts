// Writes the manual pages and the reference pages: npm run docs:pages.
import { writeFileSync } from 'node:fs';
import { currentPages } from './pages.js';

for (const [path, text] of await currentPages('.')) writeFileSync(path, text);
