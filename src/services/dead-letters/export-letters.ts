// Selected dead letters as lines of a file. Nothing is locked or changed.

import { printLetterLine } from '../../domain/dead-letters/letter-record.js';
import { csvLine } from '../../evaluation/exports/csv-export.js';
import { viewLetter } from './letter-view.js';
import type { LetterReadPorts } from './operation-ports.js';
import { walkLetters, type FoundLetter, type LetterWalk } from './walk-letters.js';

export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/**
 * A page of lines at a time. JSONL keeps every byte of body and properties; CSV is for looking at: text is text, other
 * bodies are base64. `onExported` is told how many letters there were so far.
 */
export async function* exportLetters(
  ports: LetterReadPorts,
  walk: LetterWalk,
  { format, onExported }: { format: ExportFormat; onExported?: (letters: number) => void },
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(CSV_COLUMNS.map(({ name }) => name));
  let exported = 0;
  for await (const page of walkLetters(ports, walk)) {
    yield page.map(format === 'csv' ? csvRecord : jsonRecord).join('');
    exported += page.length;
    onExported?.(exported);
  }
}

/** The line of the trash with the job's id and type in front, for reading. */
function jsonRecord({ letter, facts }: FoundLetter): string {
  const job = JSON.stringify({ jobId: facts.jobId, type: facts.type });
  return `${job.slice(0, -1)},${printLetterLine(letter).slice(1)}\n`;
}

type CsvView = ReturnType<typeof viewLetter>;

const CSV_COLUMNS: readonly { readonly name: string; readonly cell: (view: CsvView, found: FoundLetter) => string }[] = [
  ...(['queue', 'sequenceNumber', 'messageId', 'jobId', 'type', 'reason', 'description', 'enqueuedAt', 'deadLetteredAt'] as const).map((name) => ({
    name,
    cell: (view: CsvView) => view[name] ?? '',
  })),
  ...(['deliveryCount', 'replayCount', 'bytes', 'bodyEncoding'] as const).map((name) => ({ name, cell: (view: CsvView) => String(view[name]) })),
  { name: 'properties', cell: (_, { letter }) => JSON.stringify(letter.properties) },
  { name: 'body', cell: ({ bodyEncoding }, { letter }) => Buffer.from(letter.body).toString(bodyEncoding === 'base64' ? 'base64' : 'utf8') },
];

function csvRecord(found: FoundLetter): string {
  const view = viewLetter(found);
  return csvLine(CSV_COLUMNS.map(({ cell }) => cell(view, found)));
}
