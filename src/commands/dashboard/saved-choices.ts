// What was chosen on the dashboard for other days, filters and columns: a small file in the data directory.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.js';
import type { SavedChoices } from '../../tui/initial-model.js';
import type { ChoiceShelf } from '../../tui/run/place.js';

const MAX_FILTERS = 50;

/** A file that is missing or damaged holds none. Writing throws FILE_UNWRITABLE; dying while writing leaves the old content. */
export function openSavedChoices(dataDir: string): ChoiceShelf {
  const file = join(dataDir, 'dashboard.json');
  // Read anew before each change: another dashboard may have saved something meanwhile.
  return {
    read: () => readChoices(file),
    changeFilter: (filter, keep) => {
      const saved = readChoices(file);
      const others = saved.filters.filter((other) => other !== filter);
      const filters = keep ? [...others, filter].slice(-MAX_FILTERS) : others;
      writeChoices(file, { ...saved, filters });
      return filters;
    },
    changeColumns: (columns) => writeChoices(file, { ...readChoices(file), columns }),
  };
}

function readChoices(file: string): SavedChoices {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return { filters: filtersOf(member(content, 'filters')), columns: columnsOf(member(content, 'columns')) };
  } catch {
    return { filters: [], columns: {} };
  }
}

function member(content: unknown, name: string): unknown {
  return typeof content === 'object' && content !== null ? Reflect.get(content, name) : undefined;
}

function filtersOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((filter): filter is string => typeof filter === 'string').slice(-MAX_FILTERS) : [];
}

function columnsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function writeChoices(file: string, choices: SavedChoices): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(choices, null, 2)}\n`);
    renameSync(temporary, file);
  } catch (error) {
    throw new AppError('FILE_UNWRITABLE', `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
