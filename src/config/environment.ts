// The environment the settings are read from: real variables first, then those of a `.env` file.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../domain/errors.js';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Environment {
  /** The value and where it comes from. Empty counts as not set, as in shells' `${X:-default}`. */
  get(name: string): { readonly value: string; readonly source: string } | undefined;
  text(name: string): string | undefined;
}

/** Real variables win over the file's: what was exported for one command must not be undone by a file. */
export async function openEnvironment(variables: Variables, cwd: string): Promise<Environment> {
  const file = join(cwd, '.env');
  const fromFile = await readEnvFile(file);
  const get: Environment['get'] = (name) => {
    const real = variables[name];
    if (real !== undefined && real !== '') return { value: real, source: name };
    const written = fromFile[name];
    return written === undefined || written === '' ? undefined : { value: written, source: `${name} in ${file}` };
  };
  return { get, text: (name) => get(name)?.value };
}

async function readEnvFile(file: string): Promise<Variables> {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return {};
    throw new AppError('CONFIG_INVALID', `${file} cannot be read: ${String(code ?? error)}`, { cause: error });
  }
  // CommonJS: a bundle knows no names of it.
  const { default: dotenv } = await import('dotenv');
  return dotenv.parse(content);
}
