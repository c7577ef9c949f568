// The filters that were saved on the dashboard: a small file in the data directory.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.js';
import type { FilterShelf } from '../../tui/run/place.js';

const MAX_FILTERS = 50;

/** A file that is missing or damaged holds none. Writing throws FILE_UNWRITABLE; dying while writing leaves the old content. */
export function openSavedFilters(dataDir: string): FilterShelf {
  const file = join(dataDir, 'dashboard.json');
  return {
    read: () => readFilters(file),
    change: (filter, keep) => {
      // Read anew: another dashboard may have saved one meanwhile.
      const others = readFilters(file).filter((other) => other !== filter);
      const filters = keep ? [...others, filter].slice(-MAX_FILTERS) : others;
      writeFilters(file, filters);
      return filters;
    },
  };
}

function readFilters(file: string): readonly string[] {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const filters = typeof content === 'object' && content !== null && 'filters' in content ? content.filters : [];
    return Array.isArray(filters) ? filters.filter((filter): filter is string => typeof filter === 'string').slice(-MAX_FILTERS) : [];
  } catch {
    return [];
  }
}

function writeFilters(file: string, filters: readonly string[]): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify({ filters }, null, 2)}\n`);
    renameSync(temporary, file);
  } catch (error) {
    throw new AppError('FILE_UNWRITABLE', `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
