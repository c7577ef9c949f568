// Dead letters as text for people. Nothing that came in a message acts on the terminal.

import { hexPreview, viewBody } from '../../domain/dead-letters/body-view.js';
import { deadSince } from '../../domain/dead-letters/selection.js';
import { shortId } from '../../domain/ids.js';
import type { DeadLetter } from '../../ports/dead-letter-queue.js';
import type { Io } from '../../output/io.js';
import { formatBytes, formatTries, relativeTime } from '../../output/quantities.js';
import { printable } from '../../output/sanitize.js';
import { renderTable, type Column } from '../../output/table.js';
import type { FoundLetter } from '../../services/dead-letters/walk-letters.js';

const PREVIEW_CHARS = 60;
const PREVIEW_BYTES = 16;
const SHOWN_BYTES = 512;

/** The queue's column is there only when there are several. */
export function lettersTable(letters: readonly FoundLetter[], now: number, io: Io): string {
  const withQueue = new Set(letters.map(({ letter }) => letter.queue)).size > 1;
  const columns: readonly Column[] = [
    ...(withQueue ? [{ header: 'queue' }] : []),
    { header: 'number', align: 'right' },
    { header: 'job' },
    { header: 'type' },
    { header: 'dead since' },
    { header: 'tries', align: 'right' },
    { header: 'size', align: 'right' },
    { header: 'reason', flexible: true },
    { header: 'payload', flexible: true },
  ];
  const rows = letters.map(({ letter, facts }) => [
    ...(withQueue ? [letter.queue] : []),
    letter.sequenceNumber,
    facts.jobId === null ? '-' : shortId(facts.jobId),
    facts.type ?? '-',
    relativeTime(deadSince(letter), now),
    formatTries(letter),
    formatBytes(letter.body.byteLength),
    reasonText(letter),
    payloadPreview({ letter, facts }),
  ]);
  return renderTable({ columns, rows }, io);
}

/** `CODE: description`; the code alone where the description repeats it. */
export function reasonText({ reason, description }: Pick<DeadLetter, 'reason' | 'description'>): string {
  if (reason === null || reason === '') return description ?? '-';
  if (description === null || description === '' || description === reason) return reason;
  return description.startsWith(`${reason}:`) ? description : `${reason}: ${description}`;
}

/** The beginning of a job's payload, or of a body that is no job, on one line. */
function payloadPreview({ letter, facts }: FoundLetter): string {
  if (facts.payloadRef !== null) return `(a file of ${formatBytes(facts.payloadRef.bytes)})`;
  if (facts.payload !== undefined) return shortened(JSON.stringify(facts.payload));
  if (letter.body.byteLength === 0) return '(empty)';
  const view = viewBody(letter.body);
  return view.encoding === 'base64' ? hexPreview(view.bytes, PREVIEW_BYTES) : shortened(view.text);
}

function shortened(text: string): string {
  const characters = Array.from(printable(text.slice(0, PREVIEW_CHARS * 4)));
  return characters.length <= PREVIEW_CHARS ? characters.join('') : `${characters.slice(0, PREVIEW_CHARS - 1).join('')}…`;
}

/** All of it: JSON indented, text as it is, bytes as the beginning of a hex dump. */
export function bodyText(body: Uint8Array): string {
  const view = viewBody(body);
  switch (view.encoding) {
    case 'json':
      return printable(JSON.stringify(view.value, null, 2), { lines: true });
    case 'text':
      return view.text === '' ? '(empty)' : printable(view.text, { lines: true });
    case 'base64':
      return `${hexDump(view.bytes.subarray(0, SHOWN_BYTES))}${view.bytes.byteLength > SHOWN_BYTES ? '\n… (all of it in base64 with -o json)' : ''}`;
  }
}

function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.byteLength; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hexPreview(row, 16).padEnd(47)}  ${text}`);
  }
  return lines.join('\n');
}
