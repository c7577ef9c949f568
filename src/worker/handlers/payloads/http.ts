// The payload of `http` jobs.

import * as z from 'zod/mini';

import type { Json } from '../../../domain/json.js';
import { readPayload } from './read-payload.js';

export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

const status = z.int().check(z.gte(100), z.lte(599));

const schema = z.strictObject({
  url: z.string().check(z.maxLength(8192), z.refine(isHttpAddress, 'an http or https address without user name and password')),
  method: z._default(z.enum(HTTP_METHODS), 'GET'),
  headers: z._default(
    z.record(z.string().check(z.regex(/^[\w!#$%&'*+.^`|~-]+$/, 'the name of a header')), z.string().check(z.regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header value on one line'))),
    {},
  ),
  /** Text is sent as it is, anything else as JSON. */
  body: z.optional(z.json()),
  /** For the whole exchange, redirects included. */
  timeoutMs: z._default(z.int().check(z.gte(1), z.lte(3_600_000)), 30_000),
  /** Statuses that mean success; all 2xx without it. */
  expectStatus: z.optional(z.union([status, z.array(status).check(z.minLength(1))])),
});

export type HttpPayload = z.output<typeof schema>;

export function parseHttpPayload(payload: Json): HttpPayload {
  return readPayload(schema, payload, 'an `http` payload is {"url": "https://…", "method": "POST", "headers": {…}, "body": …, "expectStatus": 201}');
}

function isHttpAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}
