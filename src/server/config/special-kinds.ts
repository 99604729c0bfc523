// Kinds of values of a single parameter each: save points, output buffer limits, notification classes and others.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatNotifyFlags, parseNotifyFlags } from '../keyspace/notifications.js';
import { INT, LONG, ValueRefused, integer, memory, parseMemory, shortMemory, text } from './kinds.js';
import type { ValueKind } from './kinds.js';
import { fromPath, toPath } from './paths.js';

function refuse(reason: string): never {
  throw new ValueRefused(reason);
}

/** The name of a file without a folder. `kind` is `filename` or `dirname`. */
export const bareName = (name: string, kind: string, mayBeEmpty: boolean): ValueKind =>
  text((value) => {
    if (value === '' && !mayBeEmpty) refuse(`${name} can't be empty`);
    if (value.includes('/')) refuse(`${name} can't be a path, just a ${kind}`);
  });

export const hostname: ValueKind = text((value) => {
  if (value.length >= 256) refuse('Hostnames must be less than 256 characters');
  if (!/^[A-Za-z0-9.-]*$/.test(value)) refuse('Hostnames may only contain alphanumeric characters, hyphens or dots');
});

/** The template of set-proc-title; braces hold one of a few names. */
export const titleTemplate: ValueKind = text((value) => {
  const known = new Set(['title', 'listen-addr', 'server-mode', 'port', 'tls-port', 'unixsocket', 'config-file']);
  const rest = value.replace(/\{([^{}]*)\}/g, (whole, name: string) => (known.has(name) ? '' : whole));
  if (rest.includes('{') || rest.includes('}')) refuse('template format is invalid or contains unknown variables');
});

/** Pairs of seconds and changes; a line of redis.conf adds a pair, and an empty word clears them all. */
export const savePoints: ValueKind = {
  many: true,
  mayBeBare: true,
  adds: true,
  parse: (words, current) => {
    if (words.length === 0) return current;
    if (words.length === 1 && words[0] === '') return '';
    const valid = (word: string, min: bigint): boolean => /^\d{1,10}$/.test(word) && BigInt(word) >= min && BigInt(word) <= 2_147_483_647n;
    if (words.length % 2 === 1) refuse('Invalid save parameters');
    if (!words.every((word, i) => valid(word, i % 2 === 0 ? 1n : 0n))) refuse('Invalid save parameters');
    const points = words.map((word) => String(Number(word))).join(' ');
    return current === '' ? points : `${current} ${points}`;
  },
  lines: (canonical) => {
    if (canonical === '') return ['""'];
    return canonical.match(/\d+ \d+/g) ?? [];
  },
};

const CLASSES = ['normal', 'slave', 'pubsub'] as const;

/** Class, hard limit, soft limit, seconds; unnamed classes keep their limits. */
export const outputLimits: ValueKind = {
  many: true,
  mayBeBare: true,
  adds: true,
  parse: (words, current) => {
    const none = words.length === 1 && words[0] === '';
    if (!none && words.length % 4 !== 0) refuse('Wrong number of arguments in buffer limit configuration.');
    const limits = new Map<string, string>();
    const known = current.split(' ');
    for (let i = 0; i + 3 < known.length; i += 4) limits.set(known[i]!, known.slice(i + 1, i + 4).join(' '));
    for (let i = 0; i + 3 < words.length; i += 4) {
      const name = words[i]!.toLowerCase() === 'replica' ? 'slave' : words[i]!.toLowerCase();
      if (!CLASSES.some((known) => known === name)) refuse('Invalid client class specified in buffer limit configuration.');
      const [hard, soft] = [parseMemory(words[i + 1]!), parseMemory(words[i + 2]!)];
      if (hard === null || soft === null || hard > LONG || soft > LONG || !/^\d{1,10}$/.test(words[i + 3]!)) {
        refuse('Error in hard, soft or soft_seconds setting in buffer limit configuration.');
      }
      limits.set(name, `${hard} ${soft} ${Number(words[i + 3])}`);
    }
    return CLASSES.map((name) => `${name} ${limits.get(name) ?? '0 0 0'}`).join(' ');
  },
  lines: (canonical) => {
    const words = canonical.split(' ');
    return CLASSES.map((name, i) => {
      const [hard, soft, seconds] = words.slice(i * 4 + 1, i * 4 + 4);
      return `${name === 'slave' ? 'replica' : name} ${shortMemory(hard!)} ${shortMemory(soft!)} ${seconds!}`;
    });
  },
};

export const notifyClasses: ValueKind = {
  many: false,
  parse: ([word]) => {
    const flags = parseNotifyFlags(word!);
    return flags === null ? refuse("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.") : formatNotifyFlags(flags, true);
  },
  shown: (text) => formatNotifyFlags(parseNotifyFlags(text) ?? 0),
  quoted: true,
};

/** Numbers from 0 to 100, printed with up to six decimals. */
export const percentiles: ValueKind = {
  many: true,
  mayBeBare: true,
  parse: (words) => {
    if (words.length === 1 && words[0] === '') return '';
    return words
      .map((word) => {
        if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) refuse('Invalid latency-tracking-info-percentiles parameters');
        const value = Number(word);
        if (value < 0 || value > 100) refuse('latency-tracking-info-percentiles parameters should sit between [0.0,100.0]');
        return String(Number(value.toFixed(6)));
      })
      .join(' ');
  },
  lines: (canonical) => [canonical || '""'],
};

/** Three adjustments of the kernel's out-of-memory score: master, replica, child. */
export const oomScores: ValueKind = {
  many: true,
  parse: (words) => {
    if (words.length !== 3) refuse('wrong number of arguments');
    for (const word of words) {
      if (!/^-?\d{1,4}$/.test(word) || Math.abs(Number(word)) > 2000) {
        refuse('Invalid oom-score-adj-values, elements must be between -2000 and 2000.');
      }
    }
    return words.map((word) => String(Number(word))).join(' ');
  },
};

/** File mode of a unix socket, in octal. */
export const fileMode: ValueKind = {
  many: false,
  parse: ([word]) => {
    if (!/^[0-7]+$/.test(word!)) refuse("argument couldn't be parsed as an octal number");
    const mode = parseInt(word!, 8);
    if (mode > 0o777) refuse('argument must be between 0 and 777 inclusive');
    return mode.toString(8);
  },
};

/** Addresses to listen on, at most 16; a single empty word means none. */
export const addresses: ValueKind = {
  many: true,
  parse: (words) => {
    if (words.length > 16) refuse('Too many bind addresses specified.');
    return words.length === 1 && words[0] === '' ? '' : words.join(' ');
  },
  lines: (canonical) => [canonical || '""'],
};

/** An existing folder, stored as an absolute path. */
export const folder: ValueKind = {
  many: false,
  quoted: true,
  parse: ([word]) => {
    const path = resolve(toPath(word!));
    const found = word === '' ? undefined : statSync(path, { throwIfNoEntry: false });
    if (!found) refuse('No such file or directory');
    if (!found.isDirectory()) refuse('Not a directory');
    return fromPath(path);
  },
};

/** Host and port of a master; `no one` means none. */
export const masterAddress: ValueKind = {
  many: true,
  parse: (words) => {
    if (words.length !== 2) refuse('wrong number of arguments');
    const [host, port] = [words[0]!, words[1]!];
    if (host.toLowerCase() === 'no' && port.toLowerCase() === 'one') return '';
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) refuse('Invalid master port');
    return `${host} ${port}`;
  },
};

/** Runs of the cron per second; clamped to Redis's range. */
export const frequency: ValueKind = {
  many: false,
  numeric: true,
  parse: (words, current) => String(Math.min(500, Math.max(1, Number(integer(0n, INT).parse(words, current))))),
};

/** Bytes of the replication backlog, at least 16 KiB. */
export const backlogSize: ValueKind = {
  ...memory(1n),
  parse: (words, current) => {
    const bytes = memory(1n).parse(words, current);
    return BigInt(bytes) < 16_384n ? '16384' : bytes;
  },
};
