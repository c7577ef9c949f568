// Makes a directory with its parents, the directory of jobs and settings first of all.

import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../domain/errors.js';

/**
 * Throws DATA_DIR_UNUSABLE. Step by step: where the file system answers ENOENT although the parent is there (/proc),
 * Node.js 20 never comes back from its own recursive mkdir.
 */
export function makeDirectory(path: string): void {
  try {
    makeWithParents(path);
  } catch (error) {
    throw new AppError('DATA_DIR_UNUSABLE', `the directory cannot be made: ${path} (${error instanceof Error ? error.message : String(error)})`, {
      hint: 'check the path and its permissions, or choose another place with `--data-dir DIR` or COPILOTEVAL_HOME',
      cause: error,
    });
  }
}

function makeWithParents(path: string): void {
  if (isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeWithParents(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been first.
    if (!isDirectory(path)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
