import { isIP } from 'node:net';
import { z } from 'zod';

// The kinds of values that environment variables have: how each is read, and what to say of a wrong one.

export const choice = <const Words extends readonly [string, ...string[]]>(...words: Words) => ({
  schema: z.enum(words),
  expects: words.length === 2 ? words.join(' or ') : `one of ${words.join(', ')}`,
});

export const wholeNumber = (least: number, most: number) => ({
  schema: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most)),
  expects: `a whole number from ${least} to ${most}`,
});

const isPostgresUrl = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const isPostgres = url.protocol === 'postgres:' || url.protocol === 'postgresql:';
  return isPostgres && url.hostname !== '' && url.username !== '' && url.pathname.length > 1;
};

export const postgresUrl = {
  schema: z.string().refine(isPostgresUrl),
  expects: 'an address like postgresql://user:password@host:5432/database',
  secret: true,
};

export const listOf = (isMember: (value: string) => boolean) =>
  z
    .string()
    .transform((list) => list.split(',').map((member) => member.trim()).filter((member) => member !== ''))
    .pipe(z.array(z.string().refine(isMember)));

const isOrigin = (value: string): boolean => URL.canParse(value) && new URL(value).origin === value;

export const origins = {
  schema: listOf(isOrigin),
  expects: 'a comma-separated list of origins like https://app.example.com, each without a path or a final slash',
};

export const files = {
  schema: listOf((file) => !file.includes('\0')),
  expects: 'a comma-separated list of files',
};

export const keyText = /^[A-Za-z0-9+/]{43}=$/;

const isNetwork = (value: string): boolean => {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits ?? 0) <= (family === 4 ? 32 : 128);
};

export const networks = {
  schema: listOf(isNetwork),
  expects: 'a comma-separated list of addresses and networks like 10.0.0.0/8, 127.0.0.1',
};

const isRedisUrl = (value: string): boolean => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol);

export const redisUrl = {
  schema: z.string().refine(isRedisUrl),
  expects: 'an address like redis://user:password@host:6379/0',
  secret: true,
};
