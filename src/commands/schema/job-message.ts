// The JSON Schema of the messages on the queue, made from the schema that the program checks them with.

import * as z from 'zod/mini';
import { jobMessageSchema } from '../../domain/message-schema.js';

export function jobMessageJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(jobMessageSchema, { io: 'input' });
}
