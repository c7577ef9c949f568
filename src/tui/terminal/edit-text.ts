// Lets the user change a text in an editor of his own. The terminal must have been given back.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { AppError } from '../../domain/errors.js';

/** What a shell ends with when there is no such program, or it may not be run. */
const NOT_STARTED: readonly number[] = [126, 127];

/**
 * The text as the editor left it; null when the editor ended with an error. The file lies in a directory only this user can
 * read, since payloads may be confidential, and is gone afterwards. CONFIG_INVALID when it cannot be started,
 * FILE_UNWRITABLE, FILE_UNREADABLE.
 */
export function editText(document: { readonly name: string; readonly text: string }, editor: string): string | null {
  const directory = attempt('FILE_UNWRITABLE', () => mkdtempSync(join(tmpdir(), 'copiloteval-')));
  try {
    const file = join(directory, basename(document.name));
    attempt('FILE_UNWRITABLE', () => writeFileSync(file, document.text, { mode: 0o600 }));
    // EDITOR is a command line by convention (`code --wait`), so a shell reads it; the file's name comes as an argument.
    const { status } = spawnSync('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    if (status !== null && NOT_STARTED.includes(status)) {
      throw new AppError('CONFIG_INVALID', `the editor "${editor}" cannot be started`, { hint: 'set VISUAL or EDITOR to one that is installed' });
    }
    return status === 0 ? attempt('FILE_UNREADABLE', () => readFileSync(file, 'utf8')) : null;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function attempt<T>(code: 'FILE_UNWRITABLE' | 'FILE_UNREADABLE', act: () => T): T {
  try {
    return act();
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new AppError(code, `the text could not be handed to the editor: ${problem}`, { cause: error });
  }
}
