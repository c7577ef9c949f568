// What a program may say on its standard output, one JSON object a line:
//   {"type":"progress","completed":3,"total":10,"message":"…"}
//   {"type":"artifact","name":"report.csv","path":"out/report.csv"}   or "content":"…" instead of the path
//   {"type":"result","result":…}                                      the last one counts
// Any other line goes to the job's log.

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod/mini';

import { PermanentError } from '../../../domain/errors.js';
import type { Json } from '../../../domain/json.js';
import type { HandlerContext } from '../../handler.js';
import { linesOf } from './line-splitter.js';

/** Longest line of standard output: a result is one line. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

const message = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    completed: z.number().check(z.gte(0)),
    total: z.optional(z.nullable(z.number().check(z.gte(0)))),
    message: z.optional(z.nullable(z.string())),
  }),
  z.object({
    type: z.literal('artifact'),
    name: z.string(),
    path: z.optional(z.string()),
    content: z.optional(z.string()),
    contentType: z.optional(z.string()),
  }),
  z.object({ type: z.literal('result'), result: z.json() }),
]);

/** Reads to the end of the stream; returns the result. `cwd`: where relative paths of artifacts start. */
export async function readOutput(stdout: AsyncIterable<Uint8Array>, context: HandlerContext, cwd: string): Promise<Json> {
  let result: Json = null;
  for await (const { text, cut } of linesOf(stdout, MAX_LINE_BYTES)) {
    if (cut) throw new PermanentError(`the program wrote a line of over ${MAX_LINE_BYTES} bytes`, { code: 'RESULT_INVALID' });
    const said = readMessage(text);
    if (said === undefined) context.log.info(text);
    else if (said.type === 'result') result = said.result;
    else if (said.type === 'progress') context.progress(said.completed, said.total ?? null, said.message ?? null);
    else await putFile(said, context, cwd);
  }
  return result;
}

type Message = z.output<typeof message>;

function readMessage(line: string): Message | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const read = message.safeParse(JSON.parse(line));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

async function putFile(file: Extract<Message, { type: 'artifact' }>, context: HandlerContext, cwd: string): Promise<void> {
  const options = file.contentType === undefined ? {} : { contentType: file.contentType };
  if (file.path !== undefined) await context.artifacts.put(file.name, createReadStream(resolve(cwd, file.path)), options);
  else await context.artifacts.put(file.name, file.content ?? '', options);
}
