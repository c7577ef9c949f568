// The result of an evaluation job, without its items. A pure function of payload, dataset facts and item results:
// computed twice it has the same bytes, whatever the order of the items and wherever a worker died.

import type { DatasetColumn } from './dataset/dataset-row.js';

export type Interval = readonly [lower: number, upper: number];

/** Passed over all runs; runs that errored count as not passed. */
export interface PassRate {
  /** 0 to 1; null without runs. */
  readonly value: number | null;
  readonly ci95: Interval | null;
  readonly method: 'wilson';
}

/** A distribution of scores or milliseconds. p95 is null under 20 values. */
export interface Distribution {
  readonly n: number;
  readonly mean: number | null;
  readonly ci95: Interval | null;
  /** `wilson` where every score is 0 or 1 by definition, else Student's t (null for one value). */
  readonly method: 'wilson' | 't';
  readonly min: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
}

export interface MetricSummary extends Distribution {
  readonly type: string;
  /** Runs without a score of this evaluator: errors, and rows it could not judge or does not apply to. */
  readonly missing: number;
  readonly passed: number;
  /** passed / n. */
  readonly passRate: number | null;
}

export interface CategorySummary {
  readonly runs: number;
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly passRate: PassRate;
  readonly meanScore: number | null;
}

export interface GateResult {
  readonly metric: string;
  readonly bound: 'min' | 'max';
  readonly limit: number;
  readonly use: GateUse;
  /** The number held against the limit: the metric itself, or the end of its interval that `use` names. */
  readonly value: number | null;
  readonly ci95: Interval | null;
  readonly passed: boolean;
  /** Why there is no value; null when there is one. */
  readonly reason: string | null;
}

export type GateUse = 'value' | 'lower95' | 'upper95';

export interface EvaluationSummary {
  readonly schemaVersion: 1;
  readonly name: string | null;
  readonly status: 'completed';
  /** `none` when the payload has no gates. */
  readonly verdict: 'passed' | 'failed' | 'none';
  readonly gates: readonly GateResult[];
  readonly counts: {
    readonly items: number;
    readonly runs: number;
    readonly passed: number;
    readonly failed: number;
    readonly errors: number;
    readonly emptyAnswers: number;
    readonly cutAnswers: number;
  };
  readonly passRate: PassRate;
  /** Of the items' own scores (the weighted means). */
  readonly score: Distribution;
  readonly metrics: Readonly<Record<string, MetricSummary>>;
  readonly byCategory: Readonly<Record<string, CategorySummary>>;
  /** Runs in categories beyond the ones listed. */
  readonly otherCategoryRuns: number;
  /** Milliseconds as recorded in the dataset; null when no row has them. */
  readonly latency: Distribution | null;
  /** Tokens as recorded; null when no row has them, since unknown is not zero. */
  readonly tokens: { readonly input: number; readonly output: number; readonly runsWithUsage: number } | null;
  readonly provenance: {
    readonly target: string;
    readonly datasetSha256: string;
    readonly datasetRows: number;
    readonly configSha256: string;
  };
  /** The dataset's own columns, for exports in its style. */
  readonly columns: readonly DatasetColumn[];
  /** Name of the artifact with one ItemResult a line. */
  readonly items: string;
}
