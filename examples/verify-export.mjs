#!/usr/bin/env node
// Verifies an export of a log, or an archive, without the server that wrote it and without any package: Node 18 or later.
//
//   node verify-export.mjs export.jsonl --key <public key in base64> [--from <position>] [--through <position>]
//
// docs/audit-export.md says what is verified and why. Only keys that are given are believed, several by several --key. Without
// one nothing is proven, because whoever changes a file can sign it anew with a key of their own and name that: it is held
// against its own keys, which are shown, and the answer is 2 at best.
//
// A file without a single valid signature proves nothing either, and is a fault.
//
// A file may begin and end anywhere, so it says where it does. With --from and --through it is a fault when it begins after
// the one position, or ends before the other.
//
// It ends with 0 when nothing is wrong, with 1 when something was found, and with 2 when it could not be verified.

import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import process from 'node:process';

// The exact bytes of each line. Two parsers of JSON may read one text differently: numbers that are not whole or too large,
// names that come twice. So what is believed of a line is taken from where it has to stand.
const ORGANIZATION = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
const POSITION = '(0|[1-9][0-9]{0,14})';
const HASH = '([0-9a-f]{64})';
const KEY = '\\{"keyId":"[0-9a-f]{16}","algorithm":"Ed25519","publicKey":"[A-Za-z0-9+/]{43}="\\}';
const BEGIN = new RegExp(`^\\{"begin":\\{"format":"tenantry-log-1","organization":"${ORGANIZATION}","after":${POSITION},"hash":"${HASH}"\\}\\}$`);
const EVENT = new RegExp(`^\\{"hash":"${HASH}","event":\\{"organization" : "${ORGANIZATION}", "position" : ${POSITION}, "id" : "`);
const SIGNED = new RegExp(
  `^\\{"signature":"([0-9a-f]{128})","signed":(\\{"kind":"checkpoint","organization":"${ORGANIZATION}","position":${POSITION},` +
    `"hash":"${HASH}","keyId":"([0-9a-f]{16})","signedAt":"[0-9TZ:.-]{20,30}"\\})\\}$`,
);
const END = new RegExp(`^\\{"end":\\{"position":${POSITION},"hash":"${HASH}","keys":(\\[(?:${KEY}(?:,${KEY})*)?\\])\\}\\}$`);
const [BODY_AT, LONGEST_FORM] = [83, 250];
const ZEROS = '0'.repeat(64);

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
const keyIdOf = (key) => sha256(Buffer.from(key, 'base64')).slice(0, 16);

/** The 32 bytes of a key, wrapped as the library takes them. */
const publicKey = (key) =>
  createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(key, 'base64')]),
    format: 'der',
    type: 'spki',
  });

/** Lines end at line feeds and nowhere else: a text in them may hold other characters that some call the end of a line. */
async function* linesOf(file) {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file)) {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10)) {
      yield data.subarray(0, end);
      data = data.subarray(end + 1);
    }
    rest = data;
  }
  if (rest.length > 0) yield rest;
}

const PARTS = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[[{}\]]/g;

/** Whether an object in a text of JSON has two members of the same name. */
function hasRepeatedNames(json) {
  const open = [];
  for (const [part, text, colon] of json.matchAll(PARTS)) {
    if (!text) {
      if (part === '{' || part === '[') open.push(new Set());
      else open.pop();
    } else if (colon) {
      const name = JSON.parse(text);
      if (open.at(-1).has(name)) return true;
      open.at(-1).add(name);
    }
  }
  return false;
}

/** Whether every parser reads the same in an event. */
function isPlain(body) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    JSON.parse(text);
    return !hasRepeatedNames(text);
  } catch {
    return false;
  }
}

/** The end of a file first: the keys stand in its last line. */
async function keysIn(file) {
  let keys = [];
  for await (const line of linesOf(file)) {
    const named = line.toString('latin1', 0, 7) === '{"end":' && END.exec(line.toString('latin1'))?.[3];
    if (named) keys = JSON.parse(named).map((key) => key.publicKey);
  }
  return keys;
}

async function verifyFile(file, keys) {
  const trusted = new Map(keys.map((key) => [keyIdOf(key), publicKey(key)]));
  const faults = [];
  const log = { organization: null, after: 0, position: 0, hash: '', events: 0, signed: 0, signatures: 0, ended: false };

  const takeEvent = ([, hash, organization, digits], body) => {
    const position = Number(digits);
    if (organization !== log.organization) faults.push(`the event at position ${position} is of another organization`);
    if (position !== log.position + 1) faults.push(`after position ${log.position} comes ${position}`);
    else if (sha256(Buffer.from(log.hash, 'hex'), body) !== hash) faults.push(`the event at position ${position} was changed`);
    Object.assign(log, { position, hash, events: log.events + 1 });
  };

  const takeSigned = ([, signature, text, organization, position, hash, keyId]) => {
    const key = trusted.get(keyId);
    if (!key) return faults.push(`the checkpoint at position ${position} was signed by the key ${keyId}, which is not believed`);
    if (!verify(null, Buffer.from(text), key, Buffer.from(signature, 'hex'))) return faults.push(`the signature at position ${position} is wrong`);
    if (organization !== log.organization || Number(position) !== log.position || hash !== log.hash) {
      return faults.push(`position ${position} was signed with another hash: the log was changed after position ${log.signed}`);
    }
    log.signed = log.position;
    log.signatures += 1;
  };

  const takeBegin = ([, organization, after, hash]) => {
    const position = Number(after);
    if ((position === 0) !== (hash === ZEROS)) faults.push(`the hash at position ${position}, where it begins, cannot be that of a log`);
    if (log.organization === null) Object.assign(log, { organization, after: position, position, hash, signed: position });
    else if (organization !== log.organization || position !== log.position || hash !== log.hash) {
      faults.push(`the part that begins after position ${log.position} belongs elsewhere`);
    }
  };

  const takeEnd = ([, position, hash]) => {
    if (Number(position) !== log.position || hash !== log.hash) faults.push(`the end after position ${log.position} belongs elsewhere`);
    log.ended = true;
  };

  for await (const line of linesOf(file)) {
    const beginning = line.toString('latin1', 0, LONGEST_FORM);
    const event = EVENT.exec(beginning);
    const other = event ? '' : line.toString('latin1');
    const begin = BEGIN.exec(other);
    if (log.organization === null && !begin) throw new Error('its first line is not that of an export');
    const [signed, end] = [SIGNED.exec(other), END.exec(other)];
    // Of a file that was put together of several only the last line ends it.
    log.ended = false;
    if (event && line.at(-1) === 125 && isPlain(line.subarray(BODY_AT, -1))) takeEvent(event, line.subarray(BODY_AT, -1));
    else if (begin) takeBegin(begin);
    else if (signed) takeSigned(signed);
    else if (end) takeEnd(end);
    else faults.push(`the line after position ${log.position} is none of an export`);
  }
  if (log.organization === null) throw new Error('it is empty');
  if (!log.ended) faults.push(`the file was cut off after position ${log.position}`);
  if (log.signed < log.position) faults.push(`nothing is signed after position ${log.signed}`);
  if (log.signatures === 0) faults.push('nothing is proven: no signature in it is valid');
  return { log, faults };
}

function readArguments([file, ...rest]) {
  const given = { file, keys: [], from: null, through: null };
  for (let index = 0; index < rest.length; index += 2) {
    const [name, value = ''] = rest.slice(index, index + 2);
    if (name === '--key' && /^[A-Za-z0-9+/]{43}=$/.test(value)) given.keys.push(value);
    else if (name === '--from' && /^\d{1,15}$/.test(value)) given.from = Number(value);
    else if (name === '--through' && /^\d{1,15}$/.test(value)) given.through = Number(value);
    else return null;
  }
  return file && !file.startsWith('--') ? given : null;
}

const USAGE = 'node verify-export.mjs <file> --key <public key in base64> [--from <position>] [--through <position>]';

try {
  const given = readArguments(process.argv.slice(2));
  if (!given) throw new Error(`call it as: ${USAGE}`);
  const keys = given.keys.length > 0 ? given.keys : await keysIn(given.file);
  const { log, faults } = await verifyFile(given.file, keys);
  if (given.from !== null && log.after + 1 > given.from) faults.push(`it begins at position ${log.after + 1} and not at ${given.from}`);
  if (given.through !== null && log.position < given.through) faults.push(`it ends at position ${log.position} and not at ${given.through}`);
  const range = log.events === 0 ? `no events after position ${log.after}` : `${log.events} events from position ${log.after + 1} to ${log.position}`;
  console.log(`organization ${log.organization}: ${range}, signed up to ${log.signed}`);
  for (const fault of faults.slice(0, 100)) console.log(`FAULT: ${fault}`);
  if (faults.length > 0) console.log(`BROKEN: ${faults.length} faults`);
  else if (given.keys.length > 0) console.log('whole');
  else {
    for (const key of keys) console.log(`it names the key ${keyIdOf(key)}  ${key}`);
    console.log('NOT PROVEN: anybody can sign a file with a key of their own. Compare its key with the one that the operator published, and give it with --key.');
  }
  process.exitCode = faults.length > 0 ? 1 : given.keys.length > 0 ? 0 : 2;
} catch (error) {
  console.error(`It could not be verified: ${error.message}.`);
  process.exitCode = 2;
}
