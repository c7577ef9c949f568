// Cuts a stream of bytes into chunks of numbered lines, holding no more than one chunk.

export type InputLine =
  | { readonly line: number; readonly text: string }
  /** The line cannot be used; reading went on behind it. */
  | { readonly line: number; readonly problem: string };

const LINE_FEED = 0x0a;

export interface ChunkLimits {
  readonly lines: number;
  /** A chunk ends with the line that reaches this; bounds memory when lines are long. */
  readonly chars: number;
  /** A longer line is a problem and is not kept in memory. */
  readonly lineBytes: number;
}

/**
 * Lines without their end (LF or CRLF) and without a byte order mark at the start. Blank lines are counted and left
 * out. When the signal fires no further chunk comes, also while the source has nothing to read.
 */
export async function* lineChunks(
  source: AsyncIterable<Uint8Array>,
  limits: ChunkLimits,
  signal?: AbortSignal,
): AsyncGenerator<readonly InputLine[]> {
  const cutter = new LineCutter(limits.lineBytes);
  let chunk: InputLine[] = [];
  let chars = 0;
  for await (const bytes of untilAborted(source, signal)) {
    for (const line of cutter.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
      chunk.push(line);
      chars += 'text' in line ? line.text.length : 0;
      if (chunk.length < limits.lines && chars < limits.chars) continue;
      yield chunk;
      if (signal?.aborted === true) return;
      chunk = [];
      chars = 0;
    }
  }
  if (signal?.aborted === true) return;
  chunk.push(...cutter.end());
  if (chunk.length > 0) yield chunk;
}

/** The source's items, until the signal fires. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  for (;;) {
    const next = await nextOrAbort(iterator, signal);
    if (next === undefined) return void iterator.return?.();
    if (next.done === true) return;
    yield next.value;
  }
}

/**
 * Undefined when the signal fires first. Not a race with one promise for the signal: that promise would keep the result
 * of every race, and so the whole input, in memory.
 */
function nextOrAbort<T>(iterator: AsyncIterator<T>, signal: AbortSignal): Promise<IteratorResult<T> | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(undefined);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    iterator
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

class LineCutter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #partsBytes = 0;
  #tooLong = false;
  #line = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk. */
  push(chunk: Buffer): InputLine[] {
    const lines: InputLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#finish(lines);
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The last line when no line feed ends it. */
  end(): InputLine[] {
    const lines: InputLine[] = [];
    if (this.#partsBytes > 0 || this.#tooLong) this.#finish(lines);
    return lines;
  }

  #keep(part: Buffer): void {
    if (this.#tooLong) return;
    this.#partsBytes += part.length;
    if (this.#partsBytes > this.#maxBytes) {
      this.#tooLong = true;
      this.#parts = [];
    } else if (part.length > 0) this.#parts.push(part);
  }

  #finish(lines: InputLine[]): void {
    this.#line += 1;
    const line = this.#line;
    if (this.#tooLong) lines.push({ line, problem: `the line is longer than ${this.#maxBytes} bytes` });
    else {
      const text = this.#decode();
      if (text === undefined) lines.push({ line, problem: 'the line is not UTF-8' });
      else if (text.trim() !== '') lines.push({ line, text });
    }
    this.#parts = [];
    this.#partsBytes = 0;
    this.#tooLong = false;
  }

  #decode(): string | undefined {
    const [first] = this.#parts;
    if (first === undefined) return '';
    const bytes = this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    const text = bytes.toString('utf8');
    // Buffer decoding replaces what is not UTF-8; a replacement character may also have been written by the author.
    if (text.includes('\uFFFD') && !isUtf8(bytes)) return undefined;
    return this.#line === 1 ? text.replace(/^\uFEFF/, '') : text;
  }
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
