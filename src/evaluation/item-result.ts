// What the evaluation of one row yields: one line of the `items.jsonl` artifact, and all that summaries and exports see.

import type { Json } from '../domain/json.js';
import type { CutText, TokenUsage } from './dataset/dataset-row.js';

/** What one evaluator says about one answer. A type and not an interface, so that it counts as JSON. */
export type ItemScore = {
  readonly type: string;
  /** 0 to 1, after `not`; null when there is none, and `reason` says why. */
  readonly score: number | null;
  /** Null when the evaluator does not apply to the row (`number`, and the expected answer has none); false when it could not judge. */
  readonly passed: boolean | null;
  readonly reason: string | null;
};

export interface ItemResult {
  readonly itemKey: string;
  readonly itemHash: string;
  /** 1 for the first run of an item; recorded answers have no other. */
  readonly repeat: number;
  readonly row: number;
  readonly id: string | null;
  readonly input: string | null;
  readonly turns: Json | null;
  readonly expected: readonly string[] | null;
  readonly answer: string | null;
  readonly answerCut: CutText | null;
  readonly context: readonly string[];
  readonly category: string | null;
  readonly group: string | null;
  readonly tags: readonly string[];
  readonly name: string | null;
  readonly knowledgeSource: string | null;
  readonly instructions: string | null;
  readonly threshold: number | null;
  readonly latencyMs: number | null;
  readonly usage: TokenUsage | null;
  readonly extra: Readonly<Record<string, Json>>;
  /** `error`: there is no answer, or nothing (or a required evaluator) could judge it. Counted apart from failed. */
  readonly outcome: 'ok' | 'error';
  readonly passed: boolean;
  /** Weighted mean of the scores that exist; null when none does. */
  readonly score: number | null;
  /** By evaluator id, in the order of the payload. */
  readonly scores: Readonly<Record<string, ItemScore>>;
  /** One line for people: why it passed, failed or could not be judged. */
  readonly reasoning: string;
  /** Worded differences to the nearest expected answer: missing and extra terms, numbers that differ. */
  readonly differences: readonly string[];
}
