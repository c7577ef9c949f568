// A regular expression with a time limit: patterns come from users and some of them never end on some texts.
// The limit is a V8 interrupt in a vm context. It is no security boundary, only a clock.

import { createContext, Script, type Context } from 'node:vm';

import { maxSteps } from './pattern-cost.js';

/** A few milliseconds of matching. */
const UNTIMED_STEPS = 2_000_000;

/** Throws a SyntaxError when the pattern or its flags cannot be compiled. */
export function assertRegex(pattern: string, flags: string): void {
  new RegExp(pattern, flags);
}

export class RegexTimeoutError extends Error {
  override readonly name = 'RegexTimeoutError';
}

export interface TimedRegex {
  /** `/pattern/flags`: ajv tells patterns apart by this text. */
  toString(): string;
  /** Whether the pattern is found anywhere in the text. Throws RegexTimeoutError after the limit. */
  test(text: string): boolean;
}

/** Compiles once. What can be shown to be quick runs directly. */
export function createTimedRegex(pattern: string, flags: string, timeoutMs: number): TimedRegex {
  const direct = new RegExp(pattern, flags);
  let limited: ((text: string) => boolean) | undefined;
  return {
    toString: () => `/${pattern}/${flags}`,
    test(text) {
      if (maxSteps(pattern, text.length) <= UNTIMED_STEPS) {
        direct.lastIndex = 0;
        return direct.test(text);
      }
      limited ??= limitedTest(pattern, flags, timeoutMs);
      return limited(text);
    },
  };
}

/** A context of its own that every call reuses (a new one each time would cost 100 times as much). */
function limitedTest(pattern: string, flags: string, timeoutMs: number): (text: string) => boolean {
  const sandbox: { pattern: string; flags: string; text: string } = { pattern, flags, text: '' };
  const context: Context = createContext(sandbox, { codeGeneration: { strings: false, wasm: false } });
  new Script('const regex = new RegExp(pattern, flags);').runInContext(context);
  // lastIndex makes `g` and `y` patterns remember the last text.
  const script = new Script('regex.lastIndex = 0; regex.test(text);');
  return (text) => {
    sandbox.text = text;
    try {
      return script.runInContext(context, { timeout: timeoutMs }) === true;
    } catch (error) {
      if (isTimeout(error)) throw new RegexTimeoutError(`the pattern took longer than ${timeoutMs} ms`);
      throw error;
    } finally {
      sandbox.text = '';
    }
  };
}

/** The error comes from the other context and is no instance of this one's Error. */
function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
