// Results as JSON (summary and items in one document) and JSONL (one item a line): both without loss.

import type { ItemResult } from '../item-result.js';
import type { EvaluationSummary } from '../summary.js';

/** One document, `{"summary": …, "items": […]}`, written while the items are read. */
export async function* exportJson(summary: EvaluationSummary, items: AsyncIterable<ItemResult>): AsyncGenerator<string> {
  yield `{\n"summary": ${JSON.stringify(summary, null, 2)},\n"items": [`;
  let separator = '\n';
  for await (const item of items) {
    yield `${separator}${JSON.stringify(item)}`;
    separator = ',\n';
  }
  yield '\n]\n}\n';
}

export async function* exportJsonLines(items: AsyncIterable<ItemResult>): AsyncGenerator<string> {
  for await (const item of items) yield `${JSON.stringify(item)}\n`;
}
