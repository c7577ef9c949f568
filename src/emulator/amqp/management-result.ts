// What a management operation is given and what it comes to.

import type { SubQueue } from '../broker/entity.js';
import type { AmqpContext } from './context.js';
import type { AmqpError, Typed } from './rhea.js';

export interface ManagementCall {
  readonly queue: SubQueue;
  readonly fields: ReadonlyMap<string, Buffer>;
  readonly context: AmqpContext;
}

/** What an operation came to. */
export interface ManagementResult {
  readonly status: number;
  readonly body: Typed | null;
  readonly error?: AmqpError;
}

export function succeeded(body: Typed | null, status = 200): ManagementResult {
  return { status, body };
}

export function failed(status: number, error: AmqpError): ManagementResult {
  return { status, body: null, error };
}
