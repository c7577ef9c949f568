// An upper bound on what a simple pattern can cost, so that it may run without a time limit: setting the limit up takes
// a tenth of a millisecond, a hundred times as long as most patterns.

/**
 * The largest number of steps that searching `textLength` characters can take, or Infinity when it is not obvious. It is
 * for patterns with at most one quantifier, alternatives at the top only and no back reference: those cannot try more
 * than every start, every length and every character of the pattern. Anything that could multiply counts as not obvious.
 */
export function maxSteps(pattern: string, textLength: number): number {
  const shape = shapeOf(pattern);
  if (shape === null) return Infinity;
  return pattern.length * (textLength + 1) * (shape.quantifiers === 0 ? 1 : textLength + 1);
}

function shapeOf(pattern: string): { quantifiers: number } | null {
  let depth = 0;
  let quantifiers = 0;
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '\\') {
      at += 1;
      if (!inClass && /[1-9k]/.test(pattern.charAt(at))) return null;
    } else if (inClass) inClass = character !== ']';
    else if (character === '[') inClass = true;
    else if (character === '(') {
      depth += 1;
      // `(?:` is no quantifier.
      if (pattern.charAt(at + 1) === '?') at += 1;
    } else if (character === ')') depth -= 1;
    else if (character === '|' && depth > 0) return null;
    else if ('*+?{'.includes(character)) quantifiers += 1;
    if (quantifiers > 1) return null;
  }
  return { quantifiers };
}
