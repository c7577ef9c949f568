// A port that cannot be listened on.

import { AppError } from '../domain/errors.js';

export interface PortChoice {
  readonly host: string;
  readonly port: number;
  /** The option that chooses another one. */
  readonly flag: string;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not use it',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'there is no such host',
};

/** What `listen` failed with as PORT_UNUSABLE, in one line; anything else as it is. */
export function portError(error: Error, { host, port, flag }: PortChoice): Error {
  const code = 'code' in error && 'syscall' in error ? String(error.code) : undefined;
  if (code === undefined) return error;
  const hint = code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' ? 'choose another address with `--host`' : `choose another port with \`${flag}\`, or 0 for any free one`;
  return new AppError('PORT_UNUSABLE', `cannot listen on ${host}:${port}: ${REASONS[code] ?? code}`, { hint, cause: error });
}
