// The jobs of a batch in order, from its payload or line by line from its file.

import { AppError } from '../../../domain/errors.js';
import type { ChildSpec, HandlerContext } from '../../handler.js';
import { linesOf } from '../command/line-splitter.js';
import { type BatchItem, type BatchPayload, parseBatchLine } from '../payloads/batch.js';

const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Throws PAYLOAD_INVALID naming the line; BLOB_CORRUPT at the end of a file that is not the one submitted. */
export async function* batchItems({ jobs, file }: BatchPayload, blobs: HandlerContext['blobs']): AsyncIterable<ChildSpec> {
  if (file === undefined) {
    for (const [index, item] of (jobs ?? []).entries()) yield childOf(item, index + 1);
  } else {
    for await (const { item, line } of batchLines(blobs.read(file))) yield childOf(item, line);
  }
}

/** The jobs of a file with their line numbers, blank lines left out. Throws PAYLOAD_INVALID naming the line. */
export async function* batchLines(content: AsyncIterable<Uint8Array>): AsyncIterable<{ item: BatchItem; line: number }> {
  let line = 0;
  for await (const { text, cut } of linesOf(content, MAX_LINE_BYTES)) {
    line += 1;
    if (cut) throw new AppError('PAYLOAD_INVALID', `line ${line}: longer than ${MAX_LINE_BYTES} bytes`);
    const clean = line === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (clean.trim() !== '') yield { item: parseBatchLine(clean, line), line };
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
