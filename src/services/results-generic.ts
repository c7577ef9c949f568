// Export of any job's result: whatever JSON it is, as JSON, JSONL, CSV or Markdown.

import type { Job } from '../domain/job.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { ExportFormat } from '../evaluation/exports/export-results.js';

/** An array is a list of rows; anything else is one row. */
export function genericExport(format: ExportFormat, { job, result }: { readonly job: Job; readonly result: Json }): string {
  const rows: readonly Json[] = Array.isArray(result) ? (result as readonly Json[]) : [result];
  switch (format) {
    case 'json':
      return `${JSON.stringify(result, null, 2)}\n`;
    case 'jsonl':
      return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    case 'csv':
      return csvOf(rows);
    case 'md':
      return markdownOf(job, result);
  }
}

/** Columns are the keys of all rows, in the order met; a row that is no object stands in the column `value`. */
function csvOf(rows: readonly Json[]): string {
  const objects = rows.map((row) => (isObject(row) ? row : { value: row }));
  const columns = [...new Set(objects.flatMap((row) => Object.keys(row)))];
  const lines = [columns, ...objects.map((row) => columns.map((column) => cellOf(row[column])))];
  return lines.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

function cellOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay numbers. */
function quoted(cell: string): string {
  const safe = /^[=+\-@\t\r]/.test(cell) && !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function markdownOf(job: Job, result: Json): string {
  const text = JSON.stringify(result, null, 2);
  // A fence longer than any run of backticks in the text cannot be closed by it.
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `# ${job.type} ${job.jobId}\n\nStatus: ${job.status}\n\n${fence}json\n${text}\n${fence}\n`;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
