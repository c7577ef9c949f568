// Cuts a byte stream into lines of text, with a bound: a program may write a gigabyte without a line end.

export interface TextLine {
  readonly text: string;
  /** The line was longer than the bound and its rest is gone. */
  readonly cut: boolean;
}

/** Yields the lines without their ends; the last one also when it has none. Memory stays below twice `maxBytes`. */
export async function* linesOf(stream: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<TextLine> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const take = (piece: Uint8Array): void => {
    if (bytes < maxBytes && piece.byteLength > 0) parts.push(piece.subarray(0, maxBytes - bytes));
    bytes += piece.byteLength;
  };
  const line = (): TextLine => {
    const text = Buffer.concat(parts).toString('utf8');
    const cut = bytes > maxBytes;
    parts = [];
    bytes = 0;
    return { text: text.endsWith('\r') ? text.slice(0, -1) : text, cut };
  };
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      take(chunk.subarray(from, end));
      yield line();
      from = end + 1;
    }
    take(chunk.subarray(from));
  }
  if (bytes > 0) yield line();
}
