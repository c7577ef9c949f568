// The results of an evaluation in a chosen format.

import type { ItemResult } from '../item-result.js';
import type { EvaluationSummary } from '../summary.js';
import { exportCsv } from './csv-export.js';
import { exportJson, exportJsonLines } from './json-export.js';
import { exportMarkdown } from './markdown-export.js';

export const EXPORT_FORMATS = ['json', 'jsonl', 'csv', 'md'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  readonly summary: EvaluationSummary;
  /** Read once, one at a time. */
  readonly items: AsyncIterable<ItemResult>;
  /** CSV: begin with a byte order mark. */
  readonly bom?: boolean;
  /** Markdown: what to say where it was cut. */
  readonly pointer?: string;
}

/** The text in pieces, written while the items are read. */
export function exportResults(format: ExportFormat, request: ExportRequest): AsyncGenerator<string> {
  const { summary, items } = request;
  switch (format) {
    case 'json':
      return exportJson(summary, items);
    case 'jsonl':
      return exportJsonLines(items);
    case 'csv':
      return exportCsv(summary, items, request.bom === undefined ? {} : { bom: request.bom });
    case 'md':
      return exportMarkdown(summary, items, request.pointer === undefined ? {} : { pointer: request.pointer });
  }
}
