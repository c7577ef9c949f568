// Texts in which every code point is one UTF-16 unit, for algorithms that count units ("😀" must count as one character).

const FIRST_FREE_UNIT = 0xe000;

/**
 * Both texts with each distinct code point beyond U+FFFF replaced by one unit that neither text uses; equal code
 * points get equal units. Texts without such code points come back as they are.
 */
export function oneUnitPerCodePoint(a: string, b: string): readonly [string, string] {
  if (!hasSurrogates(a) && !hasSurrogates(b)) return [a, b];
  const used = new Set<number>();
  for (const text of [a, b]) for (let i = 0; i < text.length; i += 1) used.add(text.charCodeAt(i));
  const stand = new Map<string, string>();
  let unit = FIRST_FREE_UNIT;
  const replace = (character: string): string => {
    if (character.length === 1) return character;
    let replacement = stand.get(character);
    if (replacement === undefined) {
      while (used.has(unit)) unit = (unit + 1) % 0x10000;
      replacement = String.fromCharCode(unit);
      used.add(unit);
      stand.set(character, replacement);
    }
    return replacement;
  };
  return [Array.from(a, replace).join(''), Array.from(b, replace).join('')];
}

function hasSurrogates(text: string): boolean {
  return /[\ud800-\udfff]/.test(text);
}
