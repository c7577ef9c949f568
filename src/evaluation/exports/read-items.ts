// Reads the `items.jsonl` artifact back.

import { StringDecoder } from 'node:string_decoder';

import type { ItemResult } from '../item-result.js';

/** The items in their order, one line in memory at a time. The file is our own, so its shape is trusted. */
export async function* readItems(source: AsyncIterable<Uint8Array>): AsyncGenerator<ItemResult> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as ItemResult;
  }
  rest += decoder.end();
  if (rest !== '') yield JSON.parse(rest) as ItemResult;
}
