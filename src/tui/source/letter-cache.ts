// Dead letters that were peeked, by their numbers: a letter never changes, and peeking again costs.

import type { FoundLetter } from '../../services/dead-letters/walk-letters.js';

const MAX_BYTES = 5 * 1024 * 1024;

/** Keeps the bodies used last, up to five mebibytes. */
export class LetterCache {
  readonly #letters = new Map<string, FoundLetter>();
  #bytes = 0;

  keep(found: FoundLetter): void {
    const key = keyOf(found.letter.queue, found.letter.sequenceNumber);
    this.#drop(key);
    this.#letters.set(key, found);
    this.#bytes += found.letter.body.byteLength;
    for (const oldest of this.#letters.keys()) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#drop(oldest);
    }
  }

  find(queue: string, sequenceNumber: string): FoundLetter | undefined {
    return this.#letters.get(keyOf(queue, sequenceNumber));
  }

  #drop(key: string): void {
    const found = this.#letters.get(key);
    if (found === undefined) return;
    this.#bytes -= found.letter.body.byteLength;
    this.#letters.delete(key);
  }
}

function keyOf(queue: string, sequenceNumber: string): string {
  return `${sequenceNumber} ${queue}`;
}
