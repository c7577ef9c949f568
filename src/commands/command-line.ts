// The words of a command as one line that a shell reads the same way.

/** Options that say how a command runs, not what it does, and whether a value follows them. */
const LEFT_OUT: Readonly<Record<string, boolean>> = { '--reason-text': true, '--write': false, '--yes': false, '-y': false, '--confirm': true };

/** Without the program's name, the reason and what only agrees. */
export function printCommandLine(path: readonly string[], words: readonly string[]): string {
  const kept: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const takesValue = LEFT_OUT[word.split('=', 1)[0] ?? ''];
    if (takesValue === undefined) kept.push(word);
    else if (takesValue && !word.includes('=')) index += 1;
  }
  return [...path, ...kept].map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
