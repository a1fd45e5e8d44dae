import pg from 'pg';
import { withClient } from '../client.ts';
import { scramVerifier } from '../scram.ts';
import type { EmbeddedState } from './state.ts';

export const ownerRole = 'tenantry_owner';
export const runtimeRole = 'tenantry_app';
export const databaseName = 'tenantry';

const missing = `
  SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS "owner",
         NOT EXISTS (SELECT FROM pg_roles WHERE rolname = $2) AS "runtime",
         NOT EXISTS (SELECT FROM pg_database WHERE datname = $3) AS "database",
         NOT EXISTS (SELECT FROM pg_database WHERE datname = $3 AND NOT has_database_privilege('public', oid, 'TEMPORARY')) AS "revocation"`;

/**
 * Makes the two login roles and the database where they are missing, one by one: a start that was interrupted between
 * them is completed by the next. The server's role needs no temporary objects, so it may make none: one of them could bear
 * the name of something that functions with other rights look for. The owner keeps that right.
 */
export const ensureDatabase = async (superuserUrl: string, state: EmbeddedState): Promise<void> =>
  withClient(superuserUrl, async (client) => {
    const { rows } = await client.query(missing, [ownerRole, runtimeRole, databaseName]);
    const password = (text: string): string => `PASSWORD ${pg.escapeLiteral(scramVerifier(text))}`;
    if (rows[0].owner) await client.query(`CREATE ROLE ${ownerRole} LOGIN CREATEROLE ${password(state.ownerPassword)}`);
    if (rows[0].runtime) await client.query(`CREATE ROLE ${runtimeRole} LOGIN ${password(state.runtimePassword)}`);
    if (rows[0].database) await client.query(`CREATE DATABASE ${databaseName} OWNER ${ownerRole}`);
    if (rows[0].revocation) await client.query(`REVOKE TEMPORARY ON DATABASE ${databaseName} FROM PUBLIC`);
  });
