#!/usr/bin/env node
// Verifies an export of a log, or an archive, without the server that wrote it and without any package: Node 18 or later.
//
//   node verify-export.mjs export.jsonl --key <public key in base64> [--from <position>] [--through <position>]
//
// docs/audit-export.md says what is verified and why. Only keys that are given are believed, several by several --key. Without
// one nothing is proven, because whoever changes a file can sign it anew with a key of their own and name that: it is held
// against its own keys, which are shown, and the answer is 2 at best.
//
// A file may begin and end anywhere, so it says where it does. With --from and --through it is a fault when it begins after
// the one position, or ends before the other.
//
// It ends with 0 when nothing is wrong, with 1 when something was found, and with 2 when it could not be verified.

import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import process from 'node:process';

const EVENT = /^\{"hash":"([0-9a-f]{64})","event":$/;
const SIGNED = /^\{"signature":"([0-9a-f]{128})","signed":$/;
const [EVENT_LENGTH, SIGNED_LENGTH] = [83, 153];

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

/** The end of a file first: the keys stand in its last line. */
async function keysIn(file) {
  let keys = [];
  for await (const line of linesOf(file)) {
    if (line.toString('latin1', 0, 7) === '{"end":') keys = JSON.parse(line).end.keys.map((key) => key.publicKey);
  }
  return keys;
}

async function verifyFile(file, keys) {
  const trusted = new Map(keys.map((key) => [keyIdOf(key), publicKey(key)]));
  const faults = [];
  const log = { organization: null, after: 0, position: 0, hash: '', events: 0, signed: 0, ended: false };

  const takeEvent = (hash, body) => {
    const event = JSON.parse(body);
    if (event.organization !== log.organization) faults.push(`the event at position ${event.position} is of another organization`);
    if (event.position !== log.position + 1) faults.push(`after position ${log.position} comes ${event.position}`);
    else if (sha256(Buffer.from(log.hash, 'hex'), body) !== hash) faults.push(`the event at position ${event.position} was changed`);
    log.position = event.position;
    log.hash = hash;
    log.events += 1;
  };

  const takeSigned = (signature, text) => {
    const { kind, organization, position, hash, keyId } = JSON.parse(text);
    const key = trusted.get(keyId);
    if (!key) return faults.push(`the ${kind} at position ${position} was signed by the key ${keyId}, which is not believed`);
    if (!verify(null, text, key, Buffer.from(signature, 'hex'))) return faults.push(`the signature at position ${position} is wrong`);
    if (organization !== log.organization || position !== log.position || hash !== log.hash) {
      return faults.push(`position ${position} was signed with another hash: the log was changed after position ${log.signed}`);
    }
    log.signed = position;
  };

  const takeOther = ({ begin, end }) => {
    const isFirst = log.organization === null;
    if (isFirst && begin?.format === 'tenantry-log-1') {
      const { organization, after, hash } = begin;
      Object.assign(log, { organization, after, position: after, hash, signed: after });
    } else if (isFirst) {
      throw new Error('its first line is not that of an export');
    } else {
      const at = begin ? { ...begin, position: begin.after } : { organization: log.organization, ...end };
      if (at.organization !== log.organization || at.position !== log.position || at.hash !== log.hash) {
        faults.push(`the line after position ${log.position} belongs elsewhere`);
      }
    }
    log.ended = !begin && end !== undefined;
  };

  for await (const line of linesOf(file)) {
    const closed = line.at(-1) === 125;
    const hash = closed && EVENT.exec(line.toString('latin1', 0, EVENT_LENGTH))?.[1];
    const signature = closed && SIGNED.exec(line.toString('latin1', 0, SIGNED_LENGTH))?.[1];
    if (log.organization === null && (hash || signature)) throw new Error('its first line is not that of an export');
    // Of a file that was put together of several only the last line ends it.
    log.ended = false;
    if (hash) takeEvent(hash, line.subarray(EVENT_LENGTH, -1));
    else if (signature) takeSigned(signature, line.subarray(SIGNED_LENGTH, -1));
    else takeOther(JSON.parse(line));
  }
  if (!log.ended) faults.push(`the file was cut off after position ${log.position}`);
  if (log.signed < log.position) faults.push(`nothing is signed after position ${log.signed}`);
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
