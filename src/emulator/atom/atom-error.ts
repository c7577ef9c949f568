// A request that is refused, as the service's administration side refuses it.

import { escapeXml } from './xml-text.js';

/** Clients decide by the status and by `SubCode=` in the text, so both are part of the protocol. */
export class AtomError extends Error {
  override readonly name = 'AtomError';
  readonly status: AtomStatus;
  readonly subCode: number;

  constructor(status: AtomStatus, message: string, subCode = status * 100) {
    super(message);
    this.status = status;
    this.subCode = subCode;
  }

  body(): string {
    return `<Error><Code>${this.status}</Code><Detail>SubCode=${this.subCode}. ${escapeXml(this.message)}</Detail></Error>`;
  }
}

/** Only ones that the official clients have a name for. */
export type AtomStatus = 400 | 401 | 404 | 405 | 409 | 413 | 500 | 503;

/** 401 has one sub code for all its reasons, and so it is with the service. */
export function unauthorized(problem: string): AtomError {
  return new AtomError(401, problem);
}

export function notFound(name: string): AtomError {
  return new AtomError(404, `The messaging entity '${name}' could not be found.`);
}
