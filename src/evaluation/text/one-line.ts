// Text from datasets and answers as it can stand in one line of a message, a table or a report.

/** Line breaks and runs of white space become one space, other control and bidirectional characters go; cut with an ellipsis. */
export function oneLine(text: string, maxCharacters = 200): string {
  // Cut first, generously: an answer can be 256 kB and only its start is shown.
  const plain = text
    .slice(0, maxCharacters * 8)
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...plain];
  return characters.length > maxCharacters || text.length > maxCharacters * 8 ? `${characters.slice(0, maxCharacters - 1).join('')}…` : plain;
}
