// The payload of `command` jobs. Types of the configuration that run a program take any payload.

import { isAbsolute } from 'node:path';
import * as z from 'zod/mini';

import { AppError } from '../../../domain/errors.js';
import type { Json } from '../../../domain/json.js';
import { readPayload } from './read-payload.js';

const word = z.string().check(z.maxLength(32_768), z.regex(/^[^\0]*$/, 'a text without NUL'));

const schema = z.strictObject({
  command: z.tuple([word.check(z.minLength(1))], word),
  cwd: z.optional(z.string().check(z.refine(isAbsolute, 'an absolute path'))),
  /** For the program: it gets the whole JobMessage on its standard input. */
  input: z.optional(z.json()),
});

export type CommandPayload = z.output<typeof schema>;

/**
 * Programs named by whoever may submit run with the worker's rights: REFUSED unless the configuration allows it, at
 * submit and again before the run, since messages also come from other producers.
 */
export function parseCommandPayload(payload: Json, allowed: boolean): CommandPayload {
  if (!allowed) {
    throw new AppError('REFUSED', 'jobs of type command may not name programs here', {
      hint: 'give the program a job type of its own under `types` in the configuration, or set `allowCommandJobs`',
    });
  }
  return readPayload(schema, payload, 'a `command` payload is {"command": ["program", "argument"], "input": …}');
}
