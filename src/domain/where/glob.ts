// The ~ operator: case-insensitive; a pattern with * or ? covers the whole value, any other is looked for inside it.

/**
 * `*` is any run of characters, `?` one character. No regular expression and no backtracking over `*`: the pieces
 * between the stars are found one after another, each at its first place, so the time is at most value × pattern.
 */
export function compilePattern(pattern: string): (value: string) => boolean {
  const wanted = pattern.toLowerCase();
  if (!/[*?]/.test(wanted)) return (value) => value.toLowerCase().includes(wanted);
  const pieces = wanted.split('*');
  // With ? by code points, so that it is one character outside the basic plane too.
  if (!wanted.includes('?')) return covers(pieces, (value) => value, findText);
  return covers(pieces.map(characters), characters, findWithWildcards);
}

function characters(text: string): readonly string[] {
  return Array.from(text);
}

interface Sliced {
  readonly length: number;
}

/** The first place from `from` on where the piece lies before `end`, or -1. */
type Find<S extends Sliced> = (value: S, piece: S, from: number, end: number) => number;

function covers<S extends Sliced>(pieces: readonly S[], slice: (value: string) => S, find: Find<S>): (value: string) => boolean {
  const first = pieces[0];
  const last = pieces.at(-1);
  if (first === undefined || last === undefined) return () => false;
  const between = pieces.slice(1, -1);
  return (text) => {
    const value = slice(text.toLowerCase());
    if (find(value, first, 0, first.length) !== 0) return false;
    if (pieces.length === 1) return value.length === first.length;
    const end = value.length - last.length;
    if (end < first.length || find(value, last, end, value.length) !== end) return false;
    let at = first.length;
    for (const piece of between) {
      const found = find(value, piece, at, end);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return true;
  };
}

function findText(value: string, piece: string, from: number, end: number): number {
  const found = value.indexOf(piece, from);
  return found + piece.length <= end ? found : -1;
}

function findWithWildcards(value: readonly string[], piece: readonly string[], from: number, end: number): number {
  const limit = Math.min(end, value.length) - piece.length;
  for (let at = from; at <= limit; at += 1) {
    if (piece.every((wanted, index) => wanted === '?' || wanted === value[at + index])) return at;
  }
  return -1;
}
