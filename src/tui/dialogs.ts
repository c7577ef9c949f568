// What can stand over a screen. A dialog holds, as data, what its confirmation sets off: nothing else can set it off.

import type { Effect, PlanRequest } from './messages.js';
import type { JobColumn } from './model.js';
import type { Tone } from './text.js';

export type Dialog = AskDialog | WaitDialog | PickDialog | TellDialog;

/** A change that waits for its confirmation. Enter, n and Esc refuse it. */
export interface AskDialog {
  readonly kind: 'ask';
  readonly title: string;
  readonly lines: readonly DialogLine[];
  /** More to read, shown by `v`. */
  readonly details: readonly DialogLine[];
  readonly showsDetails: boolean;
  /** What `y` does, in a word or two: `send 68`. */
  readonly verb: string;
  /** What refusing is called: `cancel`, where that could not be taken for the change itself. */
  readonly refusal: string;
  /** What has to be typed instead of `y`; null: `y` is enough. */
  readonly expect: string | null;
  readonly typed: string;
  /** The command line that does the same. */
  readonly command: string | null;
  readonly confirm: Effect;
  /** What was planned, where the plan can be changed before it is confirmed. */
  readonly request: PlanRequest | null;
  /** Gives back what was prepared for the confirmation. */
  readonly cancel: Effect | null;
  readonly openedAt: number;
  /** After this the plan is too old to be confirmed. */
  readonly expiresAt: number | null;
}

/** Something is being prepared; Esc ends it. */
export interface WaitDialog {
  readonly kind: 'wait';
  readonly title: string;
  readonly text: string;
  /** The answer that this waits for. */
  readonly token: number;
  readonly command: string | null;
  readonly cancel: Effect;
  readonly request: PlanRequest | null;
}

export interface PickDialog {
  readonly kind: 'pick';
  readonly title: string;
  readonly items: readonly PickItem[];
  readonly index: number;
  /** What closing it without a choice comes to; null: nothing. */
  readonly otherwise: Choice | null;
}

export interface PickItem {
  readonly label: string;
  readonly detail: string;
  readonly choice: Choice;
}

export type Choice =
  | { readonly kind: 'filter'; readonly of: 'jobs' | 'dead'; readonly text: string }
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'job'; readonly jobId: string }
  | { readonly kind: 'column'; readonly column: JobColumn }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'plan'; readonly request: PlanRequest };

/** What came of something; any key closes it. */
export interface TellDialog {
  readonly kind: 'tell';
  readonly title: string;
  readonly lines: readonly DialogLine[];
  readonly command: string | null;
}

export interface DialogLine {
  readonly text: string;
  readonly tone: Tone;
}

/** Keys within this time after a dialog opened were meant for what was there before. */
export const DIALOG_GUARD_MS = 300;
/** A plan that is older may not fit what is there any more. */
export const PLAN_VALID_MS = 60_000;

export function says(text: string, tone: Tone = 'plain'): DialogLine {
  return { text, tone };
}
