// Translates what the operating system reports about the store's files into the product's codes.

import { AppError } from '../../domain/errors.js';

/** Runs one file system call of ours; its failure comes out as an AppError that names the path. */
export async function fileCall<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toAppError(error, path);
  }
}

/** The code of a system call's error, such as ENOENT. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Nothing is at the path: not the file, or not the directory it would be in. */
export function isAbsent(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}

/** An AppError that names the path for what the operating system reported; anything else comes back as it is. */
export function toAppError(error: unknown, path: string): unknown {
  const code = errnoOf(error);
  if (code === undefined || error instanceof AppError) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new AppError('DB_FULL', `no room left to write ${path}; nothing of it was kept`, {
      hint: 'free disk space, delete finished jobs with `copiloteval prune`, then try again',
      details: { path },
      cause: error,
    });
  }
  if (code === 'EIO') {
    return new AppError('DB_IO', `the operating system failed to read or write ${path}`, {
      hint: 'check the disk',
      details: { path },
      cause: error,
    });
  }
  return new AppError('DATA_DIR_UNUSABLE', `${path} cannot be used (${code})`, {
    hint: 'check the path and its permissions, or choose another directory with --data-dir',
    details: { path },
    cause: error,
  });
}
