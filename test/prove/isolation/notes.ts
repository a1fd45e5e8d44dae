import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Sources, sourcesOf } from '../sources.ts';
import type { Part, PartResult } from './part.ts';

/** What the proof is about and what it consists of: what was found out before one of these changed is of other sources. */
const SOURCES = ['src/**/*.ts', 'prisma/**/*.{sql,prisma}', 'test/{harness,prove/isolation}/**/*.ts', 'package-lock.json'];

/** A hash of everything that an outcome depends on, and the commit. */
export const isolationSources = (root: string): Sources => sourcesOf(root, SOURCES);

/** What a full run of a part has found out. */
export interface Note {
  readonly result: PartResult;
  /** The day, as YYYY-MM-DD. */
  readonly date: string;
  /** Whether the sources are still those that it was run with. */
  readonly isCurrent: boolean;
}

/** What full runs of single parts have found out, kept beside the packages so that an interrupted run can go on. */
export interface Notes {
  /** What the run is of. */
  readonly sources: Sources;
  recall(part: Part): Note | null;
  remember(part: Part, result: PartResult): void;
}

/** Notes about the sources as they are now. */
export function openNotes(root: string): Notes {
  const sources = isolationSources(root);
  const directory = path.join(root, 'node_modules/.cache/tenantry-isolation');
  const fileOf = ({ name }: Part): string => path.join(directory, `${name.replaceAll(' ', '-')}.json`);
  return {
    sources,
    recall(part) {
      try {
        const note = JSON.parse(readFileSync(fileOf(part), 'utf8')) as { sources: string; result: PartResult };
        const date = statSync(fileOf(part)).mtime.toISOString().slice(0, 10);
        return { result: note.result, date, isCurrent: note.sources === sources.fingerprint };
      } catch {
        return null;
      }
    },
    remember(part, result) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(fileOf(part), JSON.stringify({ sources: sources.fingerprint, result }));
    },
  };
}
