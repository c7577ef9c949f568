// Finds jobs by the end of their id. There is no index for it, because its random order would cost every insert a page;
// the index of whole ids is walked instead, 100 ms for a million jobs, in steps.

import type { Database } from 'better-sqlite3';

import type { JobId } from '../../domain/job.js';
import { prepared } from '../connection-sqlite/prepared.js';
import type { Reader } from './reader.js';

const IDS_PER_STEP = 50_000;
/** More matches than anybody wants to choose from. */
const MAX_MATCHES = 1000;

/** Newest first, at most `limit`. */
export async function findBySuffix(reader: Reader, suffix: string, limit: number): Promise<JobId[]> {
  const found: { id: string; created_at: number }[] = [];
  let before: string | undefined = AFTER_ALL_IDS;
  while (before !== undefined && found.length < MAX_MATCHES) {
    const below: string = before;
    before = await reader.read((db) => {
      const from = idAt(db, below);
      found.push(...prepared<{ id: string; created_at: number }>(db, SELECT_MATCHES).all(below, from ?? '', suffix.length, suffix));
      return from;
    });
    if (before !== undefined) await new Promise((resolve) => setImmediate(resolve));
  }
  found.sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1));
  return found.slice(0, limit).map(({ id }) => id);
}

/** Ids begin with a hexadecimal digit. */
const AFTER_ALL_IDS = '~';

const SELECT_MATCHES = 'SELECT id, created_at FROM jobs WHERE id < ? AND id >= ? AND substr(id, -?) = ?';

function idAt(db: Database, below: string): string | undefined {
  return prepared<{ id: string }>(db, 'SELECT id FROM jobs WHERE id < ? ORDER BY id DESC LIMIT 1 OFFSET ?').get(below, IDS_PER_STEP - 1)?.id;
}
