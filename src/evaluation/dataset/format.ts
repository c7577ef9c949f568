// Which of the dataset formats a file is: by its name, and where the name says little, by its first bytes.

export const DATASET_FORMATS = ['csv', 'tsv', 'jsonl', 'json'] as const;
export type DatasetFormat = (typeof DATASET_FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, DatasetFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
};

/**
 * The format by the file's extension, else (`.txt`, no extension, standard input) by the start of its content; `head`
 * needs no more than the first few kB. Never undecided: text without any sign is CSV.
 */
export function detectFormat(fileName: string | null, head: string): DatasetFormat {
  const extension = /\.([a-z]+)$/i.exec(fileName ?? '')?.[1]?.toLowerCase() ?? '';
  return BY_EXTENSION[extension] ?? formatOfContent(head);
}

function formatOfContent(head: string): DatasetFormat {
  const text = head.replace(/^\ufeff/, '').trimStart();
  if (text.startsWith('[')) return 'json';
  const firstLine = text.slice(0, lineEnd(text));
  if (firstLine.startsWith('{')) return isWholeObject(firstLine) ? 'jsonl' : 'json';
  return firstLine.includes('\t') ? 'tsv' : 'csv';
}

/** The character between the cells of a CSV header line: European spreadsheets write semicolons. */
export function delimiterOfHeader(headerLine: string): ',' | ';' | '\t' {
  const outsideQuotes = headerLine.replace(/"[^"]*"/g, '');
  if (outsideQuotes.includes(',')) return ',';
  if (outsideQuotes.includes(';')) return ';';
  return outsideQuotes.includes('\t') ? '\t' : ',';
}

function lineEnd(text: string): number {
  const end = text.indexOf('\n');
  return end === -1 ? text.length : end;
}

/** `{"schemaVersion": 1,` opens a document over many lines; a whole object on the first line is a line of JSONL. */
function isWholeObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !('items' in value && Array.isArray(value.items));
  } catch {
    return false;
  }
}
