// The jobs of a batch in order, from its payload or line by line from its file.

import { PermanentError } from '../../../domain/errors.js';
import type { ChildSpec, HandlerContext } from '../../handler.js';
import { linesOf } from '../command/line-splitter.js';
import { type BatchItem, type BatchPayload, parseBatchLine } from '../payloads/batch.js';

const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Throws PAYLOAD_INVALID naming the line; BLOB_CORRUPT at the end of a file that is not the one submitted. */
export async function* batchItems({ jobs, file }: BatchPayload, blobs: HandlerContext['blobs']): AsyncIterable<ChildSpec> {
  if (file === undefined) {
    for (const [index, item] of (jobs ?? []).entries()) yield childOf(item, index + 1);
    return;
  }
  let number = 0;
  for await (const { text, cut } of linesOf(blobs.read(file), MAX_LINE_BYTES)) {
    number += 1;
    if (cut) throw new PermanentError(`line ${number}: longer than ${MAX_LINE_BYTES} bytes`, { code: 'PAYLOAD_INVALID' });
    const line = number === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (line.trim() !== '') yield childOf(parseBatchLine(line, number), number);
  }
}

/** The place is the same in every attempt, so it can stand for a key. `#` keeps it apart from keys people choose. */
function childOf({ key, type, payload, priority, labels }: BatchItem, place: number): ChildSpec {
  return {
    key: key ?? `#${place}`,
    type,
    payload,
    ...(priority === undefined ? {} : { priority }),
    ...(labels === undefined ? {} : { labels }),
  };
}
