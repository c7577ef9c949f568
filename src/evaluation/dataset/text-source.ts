// Bytes of a dataset to text: UTF-8 and nothing else, within the size limit, chunk by chunk.

import { TextDecoder } from 'node:util';

import { EVALUATION_LIMITS } from '../limits.js';
import { datasetInvalid, datasetTooLarge } from './dataset-errors.js';

export type ByteSource = AsyncIterable<Uint8Array>;

const MB = 1024 * 1024;
const UTF8_HINT = 'save the file as UTF-8';

/**
 * The text of the source without a byte order mark. Throws DATASET_INVALID with the line at bytes that are not UTF-8
 * (a spreadsheet's Latin-1 would otherwise turn into wrong characters silently) and DATASET_TOO_LARGE over the size limit.
 */
export async function* decodeText(source: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  let line = 1;
  for await (const chunk of source) {
    if (bytes === 0) refuseUtf16(chunk);
    bytes += chunk.byteLength;
    if (bytes > EVALUATION_LIMITS.datasetBytes) throw datasetTooLarge(`the dataset is larger than ${EVALUATION_LIMITS.datasetBytes / MB} MB`, 'split it, or leave columns out');
    const text = decode(decoder, chunk, line);
    const nul = text.indexOf('\0');
    if (nul !== -1) throw datasetInvalid(`line ${line + newlines(text.slice(0, nul))}`, 'expected text, got a NUL character', 'is this a CSV, TSV, JSON or JSONL file?');
    line += newlines(text);
    if (text !== '') yield text;
  }
  const rest = decode(decoder, undefined, line);
  if (rest !== '') yield rest;
}

function decode(decoder: TextDecoder, chunk: Uint8Array | undefined, line: number): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    const at = chunk === undefined ? line : line + linesBeforeInvalid(chunk);
    throw datasetInvalid(`near line ${at}`, 'expected UTF-8, got other bytes', UTF8_HINT);
  }
}

/** Newlines before the first undecodable byte of a chunk; the chunk may begin inside a character, so this is near, not exact. */
function linesBeforeInvalid(chunk: Uint8Array): number {
  const replaced = new TextDecoder('utf-8').decode(chunk);
  const bad = replaced.indexOf('\ufffd', 4);
  return newlines(replaced.slice(0, bad === -1 ? 0 : bad));
}

function refuseUtf16(chunk: Uint8Array): void {
  const little = chunk[0] === 0xff && chunk[1] === 0xfe;
  const big = chunk[0] === 0xfe && chunk[1] === 0xff;
  if (little || big) throw datasetInvalid('line 1', 'expected UTF-8, got UTF-16', UTF8_HINT);
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** The same text with its first `length` characters (fewer when there are not so many) known beforehand. */
export async function peekText(text: AsyncIterable<string>, length: number): Promise<{ head: string; text: AsyncIterable<string> }> {
  const iterator = text[Symbol.asyncIterator]();
  let head = '';
  let ended = false;
  while (head.length < length && !ended) {
    const next = await iterator.next();
    if (next.done === true) ended = true;
    else head += next.value;
  }
  return { head, text: withHead(head, ended, iterator) };
}

async function* withHead(head: string, ended: boolean, iterator: AsyncIterator<string>): AsyncGenerator<string> {
  try {
    if (head !== '') yield head;
    if (ended) return;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
