// Reading an answer as JSON, for the evaluators that need it.

/** The value, or why the text is not JSON. With `allowFence` a text that is one ```json block counts as its content. */
export function parseJsonAnswer(answer: string, allowFence: boolean): { ok: true; value: unknown } | { ok: false; reason: string } {
  const text = allowFence ? withoutFence(answer) : answer;
  if (text.trim() === '') return { ok: false, reason: 'the answer is empty' };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, reason: 'the answer is not valid JSON' };
  }
}

function withoutFence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('```') || !trimmed.endsWith('```')) return text;
  const firstLine = trimmed.indexOf('\n');
  return firstLine === -1 ? text : trimmed.slice(firstLine + 1, -3);
}
