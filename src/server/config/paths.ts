// Paths in the configuration are bytes like every value; the file system API requires text.
import { resolve } from 'node:path';
import type { Configured } from './configured.js';

/** Text for node:fs of a binary path. */
export const toPath = (binary: string): string => Buffer.from(binary, 'latin1').toString('utf8');

/** The binary form of a path from the system. */
export const fromPath = (path: string): string => Buffer.from(path, 'utf8').toString('latin1');

/** The absolute path that a parameter names, relative to `dir`. */
export const pathOf = (config: Configured, name: string): string => resolve(toPath(config.text('dir')), toPath(config.text(name)));
