// Item results, one by one, to the summary. Keeps counts and distinct scores only, never answers.

import type { DatasetColumn } from './dataset/dataset-row.js';
import { EVALUATOR_TYPES } from './evaluators/registry.js';
import { evaluateGates } from './gates.js';
import type { ItemResult, ItemScore } from './item-result.js';
import { EVALUATION_LIMITS } from './limits.js';
import { configSha256, type EvaluationPayload } from './payload.js';
import { ValueCounts } from './statistics/value-counts.js';
import { wilson95 } from './statistics/wilson.js';
import type { CategorySummary, EvaluationSummary, MetricSummary, PassRate } from './summary.js';

/** Name of the artifact with the items. */
export const ITEMS_ARTIFACT = 'items.jsonl';

export interface DatasetFacts {
  readonly sha256: string;
  /** All rows of the dataset, also those that were not selected. */
  readonly rows: number;
  readonly columns: readonly DatasetColumn[];
}

/** Add every item once, then `finish`; the order does not matter. */
export class SummaryBuilder {
  readonly #payload: EvaluationPayload;
  readonly #keys = new Set<string>();
  readonly #total = new Tally();
  readonly #score = new ValueCounts();
  readonly #metrics = new Map<string, MetricTally>();
  readonly #categories = new Map<string, Tally>();
  readonly #latency = new ValueCounts();
  readonly #tokens = { input: 0, output: 0, runsWithUsage: 0 };
  #emptyAnswers = 0;
  #cutAnswers = 0;

  constructor(payload: EvaluationPayload) {
    this.#payload = payload;
    for (const spec of payload.evaluators) this.#metrics.set(spec.id, new MetricTally(spec.type));
  }

  add(item: ItemResult): void {
    this.#keys.add(item.itemKey);
    this.#total.add(item);
    if (item.score !== null) this.#score.add(item.score);
    if (item.answer?.trim() === '') this.#emptyAnswers += 1;
    if (item.answerCut !== null) this.#cutAnswers += 1;
    for (const [id, score] of Object.entries(item.scores)) this.#metric(id, score.type).add(score);
    if (item.category !== null) this.#category(item.category).add(item);
    if (item.latencyMs !== null) this.#latency.add(item.latencyMs);
    if (item.usage !== null) {
      this.#tokens.input += item.usage.inputTokens;
      this.#tokens.output += item.usage.outputTokens;
      this.#tokens.runsWithUsage += 1;
    }
  }

  finish(dataset: DatasetFacts): EvaluationSummary {
    const categories = this.#categorySummaries();
    const numbers = {
      counts: { items: this.#keys.size, ...this.#total.counts(), emptyAnswers: this.#emptyAnswers, cutAnswers: this.#cutAnswers },
      passRate: this.#total.passRate(),
      score: this.#score.distribution('t'),
      metrics: this.#metricSummaries(),
      byCategory: categories.listed,
      latency: this.#latency.n === 0 ? null : this.#latency.distribution('t'),
    };
    const gates = evaluateGates(this.#payload.gates, numbers);
    return {
      schemaVersion: 1,
      name: this.#payload.name,
      status: 'completed',
      verdict: gates.length === 0 ? 'none' : gates.every((gate) => gate.passed) ? 'passed' : 'failed',
      gates,
      ...numbers,
      otherCategoryRuns: categories.otherRuns,
      tokens: this.#tokens.runsWithUsage === 0 ? null : { ...this.#tokens },
      provenance: {
        target: this.#payload.target.type,
        datasetSha256: dataset.sha256,
        datasetRows: dataset.rows,
        configSha256: configSha256(this.#payload),
      },
      columns: dataset.columns,
      items: ITEMS_ARTIFACT,
    };
  }

  #metric(id: string, type: string): MetricTally {
    return getOrAdd(this.#metrics, id, () => new MetricTally(type));
  }

  #category(name: string): Tally {
    return getOrAdd(this.#categories, name, () => new Tally());
  }

  /** The payload's evaluators first, in its order; then those that rows brought along, by id. */
  #metricSummaries(): Record<string, MetricSummary> {
    const own = this.#payload.evaluators.map((spec) => spec.id);
    const others = [...this.#metrics.keys()].filter((id) => !own.includes(id)).sort();
    return Object.fromEntries([...own, ...others].flatMap((id) => {
      const tally = this.#metrics.get(id);
      return tally === undefined ? [] : [[id, tally.summary(this.#total.counts().runs)] as const];
    }));
  }

  #categorySummaries(): { listed: Record<string, CategorySummary>; otherRuns: number } {
    const bySize = [...this.#categories].sort(([a, x], [b, y]) => y.counts().runs - x.counts().runs || (a < b ? -1 : 1));
    const listed = bySize.slice(0, EVALUATION_LIMITS.categories).sort(([a], [b]) => (a < b ? -1 : 1));
    const others = bySize.slice(EVALUATION_LIMITS.categories);
    return {
      listed: Object.fromEntries(listed.map(([name, tally]) => [name, tally.summary()])),
      otherRuns: others.reduce((runs, [, tally]) => runs + tally.counts().runs, 0),
    };
  }
}

/** Runs by how they ended. */
class Tally {
  readonly #scores = new ValueCounts();
  #runs = 0;
  #passed = 0;
  #errors = 0;

  add(item: ItemResult): void {
    this.#runs += 1;
    if (item.outcome === 'error') this.#errors += 1;
    else if (item.passed) this.#passed += 1;
    if (item.score !== null) this.#scores.add(item.score);
  }

  counts(): { runs: number; passed: number; failed: number; errors: number } {
    return { runs: this.#runs, passed: this.#passed, failed: this.#runs - this.#passed - this.#errors, errors: this.#errors };
  }

  passRate(): PassRate {
    return { value: this.#runs === 0 ? null : this.#passed / this.#runs, ci95: wilson95(this.#passed, this.#runs), method: 'wilson' };
  }

  summary(): CategorySummary {
    return { ...this.counts(), passRate: this.passRate(), meanScore: this.#scores.mean() };
  }
}

/** The scores of one evaluator. */
class MetricTally {
  readonly #type: string;
  readonly #values = new ValueCounts();
  #passed = 0;

  constructor(type: string) {
    this.#type = type;
  }

  add(score: ItemScore): void {
    if (score.score === null) return;
    this.#values.add(score.score);
    if (score.passed === true) this.#passed += 1;
  }

  summary(runs: number): MetricSummary {
    const { n } = this.#values;
    const binary = EVALUATOR_TYPES.get(this.#type)?.scale === 'binary';
    return {
      type: this.#type,
      ...this.#values.distribution(binary ? 'wilson' : 't'),
      missing: runs - n,
      passed: this.#passed,
      passRate: n === 0 ? null : this.#passed / n,
    };
  }
}

function getOrAdd<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
