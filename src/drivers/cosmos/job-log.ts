// CosmosJobLog: lines in documents of one append each, numbered by a head document that is written in the same batch.

import { randomUUID } from 'node:crypto';
import type { OperationInput } from '@azure/cosmos';

import type { JobId } from '../../domain/job.js';
import { type JobLog, type JobLogLine, MAX_LOG_LINE_CHARS, MAX_LOG_LINES, type NewLogLine } from '../../ports/job-log.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { JOB_ID } from './job-document.js';

interface HeadDocument {
  readonly id: 'log';
  readonly pk: JobId;
  readonly kind: 'log-head';
  readonly lastLine: number;
  readonly _etag?: string;
}

interface LinesDocument {
  readonly id: string;
  readonly pk: JobId;
  readonly kind: 'log';
  readonly firstLine: number;
  readonly lastLine: number;
  readonly lines: readonly NewLogLine[];
  /** Drawn by each append, so that one whose answer was lost knows its own work. */
  readonly appendId?: string;
}

/** So many characters of text make a document that is well under the service's 2 MB, also in UTF-8. */
const MAX_CHUNK_CHARS = 300_000;
const MAX_TRIES = 10;

export class CosmosJobLog implements JobLog {
  readonly #calls: CosmosCalls;
  readonly #keep: number;

  /** `keep`: seconds from the last line on. */
  constructor(calls: CosmosCalls, keep: number) {
    this.#calls = calls;
    this.#keep = keep;
  }

  async append(jobId: JobId, lines: readonly NewLogLine[]): Promise<void> {
    const skipped = Math.max(0, lines.length - MAX_LOG_LINES);
    const kept = lines.slice(skipped).map((line) => ({ ...line, text: cut(line.text) }));
    let skip = skipped;
    for (const chunk of chunksOf(kept)) {
      await this.#appendChunk(jobId, chunk, skip);
      skip = 0;
    }
    if (lines.length > 0) await this.#trim(jobId);
  }

  async read({ jobId, afterLine = 0, limit }: { jobId: JobId; afterLine?: number; limit: number }): Promise<readonly JobLogLine[]> {
    const head = await this.#calls.read<HeadDocument>(jobId, 'log');
    if (head === undefined) return [];
    const from = Math.max(afterLine, head.lastLine - MAX_LOG_LINES);
    const documents = await this.#calls.query<LinesDocument>(
      {
        query: "SELECT * FROM c WHERE c.pk = @pk AND c.kind = 'log' AND c.lastLine > @from ORDER BY c.firstLine",
        parameters: [
          { name: '@pk', value: jobId },
          { name: '@from', value: from },
        ],
      },
      { partition: jobId },
    );
    const lines = documents.flatMap(({ firstLine, lines: of }) => of.map((line, index) => ({ line: firstLine + index, ...line })));
    return lines.filter(({ line }) => line > from).slice(0, limit);
  }

  /** Two writers of one job's log are rare (a lost lock); the second one takes the next numbers. Lines of a job that is gone are dropped. */
  async #appendChunk(jobId: JobId, lines: LinesDocument['lines'], skipped: number): Promise<void> {
    const appendId = randomUUID();
    const ttl = this.#keep;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const head = await this.#calls.read<HeadDocument>(jobId, 'log');
      const firstLine = (head?.lastLine ?? 0) + skipped + 1;
      const lastLine = firstLine + lines.length - 1;
      const written = await this.#calls.batch(jobId, [
        { operationType: 'Read', id: JOB_ID },
        head === undefined
          ? { operationType: 'Create', resourceBody: { id: 'log', pk: jobId, kind: 'log-head', lastLine, ttl } }
          : { operationType: 'Replace', id: 'log', ifMatch: head._etag, resourceBody: { id: 'log', pk: jobId, kind: 'log-head', lastLine, ttl } },
        { operationType: 'Create', resourceBody: { id: linesId(firstLine), pk: jobId, kind: 'log', firstLine, lastLine, lines, appendId, ttl } },
      ] as OperationInput[]);
      if (written.kind === 'done' || written.status === 404) return;
      if (written.uncertain && (await this.#calls.read<LinesDocument>(jobId, linesId(firstLine)))?.appendId === appendId) return;
    }
  }

  async #trim(jobId: JobId): Promise<void> {
    const head = await this.#calls.read<HeadDocument>(jobId, 'log');
    if (head === undefined || head.lastLine <= MAX_LOG_LINES) return;
    const old = await this.#calls.query<string>(
      {
        query: "SELECT VALUE c.id FROM c WHERE c.pk = @pk AND c.kind = 'log' AND c.lastLine <= @last",
        parameters: [
          { name: '@pk', value: jobId },
          { name: '@last', value: head.lastLine - MAX_LOG_LINES },
        ],
      },
      { partition: jobId },
    );
    for (const id of old) await this.#calls.delete(jobId, id);
  }
}

function linesId(firstLine: number): string {
  return `log:${String(firstLine).padStart(12, '0')}`;
}

function chunksOf<T extends { readonly text: string }>(lines: readonly T[]): T[][] {
  const chunks: T[][] = [];
  let size = Infinity;
  for (const line of lines) {
    if (size + line.text.length > MAX_CHUNK_CHARS) {
      chunks.push([]);
      size = 0;
    }
    chunks.at(-1)?.push(line);
    size += line.text.length;
  }
  return chunks;
}

/** Never between the halves of a surrogate pair. */
function cut(text: string): string {
  if (text.length <= MAX_LOG_LINE_CHARS) return text;
  const last = text.charCodeAt(MAX_LOG_LINE_CHARS - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? MAX_LOG_LINE_CHARS - 1 : MAX_LOG_LINE_CHARS);
}
