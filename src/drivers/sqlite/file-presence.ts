// Notices that the database file was removed or replaced under a running process. SQLite does not: it goes on writing
// into the file without a name, and everything written is lost when the process ends.

import { statSync } from 'node:fs';

import type { AppError } from '../../domain/errors.js';
import { goneError } from './sqlite-errors.js';

export class FilePresence {
  readonly #file: string;
  readonly #identity: string | undefined;

  /** Remembers which file is at the path now. */
  constructor(file: string) {
    this.#file = file;
    this.#identity = identityOf(file);
  }

  /** DB_GONE when the path names no file or another one. Costs one system call (2 µs). */
  problem(): AppError | undefined {
    return identityOf(this.#file) === this.#identity ? undefined : goneError(this.#file);
  }
}

function identityOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}
