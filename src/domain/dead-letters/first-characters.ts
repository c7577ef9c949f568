// A text as long as a place takes it: the description that travels with a dead letter, on either broker.

/** Of a description, in UTF-16 units. */
export const MAX_DESCRIPTION = 1_024;

/** At most `max` UTF-16 units, without half a character at the end. */
export function firstCharacters(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');
}
