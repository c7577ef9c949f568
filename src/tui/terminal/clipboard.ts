// Copies through the terminal: OSC 52, which the terminal on the user's side carries out, over SSH as well.

/** Terminals drop longer ones; 100 000 bytes of base64 are the least that common ones take. */
const MAX_BYTES = 74_000;

/**
 * The sequence, or undefined when the text is too long. Inside tmux it is sent twice: as tmux's own (taken where
 * `set-clipboard` is on) and passed through to the terminal outside (where `allow-passthrough` is on).
 */
export function copySequence(text: string, insideTmux: boolean): string | undefined {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > MAX_BYTES) return undefined;
  const sequence = `\u001b]52;c;${bytes.toString('base64')}\u0007`;
  return insideTmux ? `${sequence}\u001bPtmux;${sequence.replaceAll('\u001b', '\u001b\u001b')}\u001b\\` : sequence;
}
