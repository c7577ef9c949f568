// The nearest known word to a mistyped one, for hints. Unknown types, queues, commands, options and settings use it.

import { distance } from 'fastest-levenshtein';

/** The candidate that is most like `text`, or undefined when none is near: a bad guess is worse than none. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const typed = text.toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const away = distance(typed, candidate.toLowerCase());
    const length = Math.max(typed.length, candidate.length);
    // Two swapped letters count as two edits, so even short words need two; three-letter words would fit anything then.
    const allowed = length <= 3 ? 1 : Math.max(2, Math.floor(length * 0.4));
    if (away <= allowed && away < bestDistance) {
      best = candidate;
      bestDistance = away;
    }
  }
  return best ?? candidates.find((candidate) => typed.length >= 3 && candidate.toLowerCase().startsWith(typed));
}
