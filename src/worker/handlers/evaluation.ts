// `evaluation`: scores the answers of a dataset and sums them up. Three passes over the stored dataset, none of which
// holds more than a row: check everything, score (saved as it goes), write items and summary.

import { canonicalSha256 } from '../../domain/canonical-json.js';
import { AppError, PermanentError } from '../../domain/errors.js';
import type { Json } from '../../domain/json.js';
import type { DatasetRow } from '../../evaluation/dataset/dataset-row.js';
import { parseDataset, parseInlineRows, type ParsedDataset } from '../../evaluation/dataset/parse-dataset.js';
import { chooseRows, type RowChooser } from '../../evaluation/dataset/select-rows.js';
import { prepareEvaluators } from '../../evaluation/evaluator-spec.js';
import { EvaluatorOptionError } from '../../evaluation/evaluators/evaluator.js';
import { itemResultOf } from '../../evaluation/item-result-of.js';
import { configSha256, parseEvaluationPayload, type EvaluationPayload } from '../../evaluation/payload.js';
import { RowEvaluatorCache } from '../../evaluation/row-evaluators.js';
import { scoreRow } from '../../evaluation/score-row.js';
import type { EvaluationSummary } from '../../evaluation/summary.js';
import { ITEMS_ARTIFACT, SummaryBuilder } from '../../evaluation/summarize.js';
import { targetOf } from '../../evaluation/targets/registry.js';
import { systemClock, type Clock } from '../../ports/clock.js';
import { defineHandler, type Handler, type HandlerContext } from '../handler.js';
import { Breather } from './breather.js';
import { ScoreCheckpoints } from './score-checkpoints.js';

export const evaluationHandler = createEvaluationHandler(systemClock);

export function createEvaluationHandler(clock: Clock): Handler<EvaluationPayload> {
  return defineHandler<EvaluationPayload>({
    type: 'evaluation',
    parse: parseEvaluationPayload,
    run: async (context, payload) => new EvaluationRun(context, payload, await compiled(payload), clock).run(),
  });
}

/** A pattern or schema that cannot be compiled will not compile next time either. */
async function compiled(payload: EvaluationPayload): Promise<RowEvaluatorCache> {
  try {
    return new RowEvaluatorCache(await prepareEvaluators(payload.evaluators));
  } catch (error) {
    if (error instanceof EvaluatorOptionError) throw new AppError('PAYLOAD_INVALID', `evaluation payload: ${error.message}`, { cause: error });
    throw error;
  }
}

class EvaluationRun {
  readonly #context: HandlerContext;
  readonly #payload: EvaluationPayload;
  readonly #evaluators: RowEvaluatorCache;
  readonly #breather: Breather;
  readonly #datasetSha256: string;
  readonly #scores: ScoreCheckpoints;

  constructor(context: HandlerContext, payload: EvaluationPayload, evaluators: RowEvaluatorCache, clock: Clock) {
    this.#context = context;
    this.#payload = payload;
    this.#evaluators = evaluators;
    this.#breather = new Breather(context.signal, clock);
    this.#datasetSha256 = payload.dataset.ref?.sha256 ?? canonicalSha256(payload.dataset.rows);
    this.#scores = new ScoreCheckpoints(context.checkpoint, this.#planId(), clock);
  }

  async run(): Promise<{ result: Json }> {
    const { chooser, rows } = await this.#check();
    // A process that dies in here repeats at most one batch of scores.
    await this.#scoreAll(chooser);
    // Dying in here repeats this part only: it reads the saved scores, and the artifact is replaced as a whole.
    const summary = await this.#assemble(chooser, rows);
    return { result: JSON.parse(JSON.stringify(summary)) as Json };
  }

  /** Everything that can be wrong with the dataset is told before the first row is scored. */
  async #check(): Promise<{ chooser: RowChooser; rows: number }> {
    let rows = 0;
    let answered = 0;
    const inspected = async function* (this: EvaluationRun): AsyncGenerator<DatasetRow> {
      for await (const row of this.#open()) {
        await this.#breather.rest();
        await this.#evaluators.of(row);
        rows += 1;
        if ((row.answer ?? '').trim() !== '') answered += 1;
        yield row;
      }
    };
    const chooser = await chooseRows(inspected.call(this), this.#payload.dataset.selection);
    if (answered === 0) {
      throw new AppError('DATASET_INVALID', 'no row has a recorded answer', {
        hint: 'name the column in the payload, such as "dataset": {"columns": {"answer": "Bot reply"}}',
      });
    }
    return { chooser, rows };
  }

  async #scoreAll(chooser: RowChooser): Promise<void> {
    const before = await this.#scores.count();
    if (before > 0) this.#context.log.info(`${before} of ${chooser.total} rows were scored by an earlier attempt; going on from there`);
    this.#context.progress(before, chooser.total, 'scoring');
    try {
      await this.#scoreAfter(before, chooser);
    } catch (error) {
      // What is scored is worth keeping when the worker is drained; after a lost lock saving fails, and must.
      if (this.#context.signal.aborted) await this.#scores.flush().catch(() => undefined);
      throw error;
    }
    await this.#scores.flush();
  }

  async #scoreAfter(before: number, chooser: RowChooser): Promise<void> {
    const target = targetOf(this.#payload.target.type);
    let index = 0;
    for await (const row of this.#chosen(chooser)) {
      index += 1;
      if (index <= before) continue;
      await this.#scores.add(await scoreRow(row, target, await this.#evaluators.of(row)));
      this.#context.progress(index, chooser.total, 'scoring');
    }
  }

  async #assemble(chooser: RowChooser, rows: number): Promise<EvaluationSummary> {
    const builder = new SummaryBuilder(this.#payload);
    const dataset = this.#open();
    const failures = { count: 0, first: '' };
    const lines = async function* (this: EvaluationRun): AsyncGenerator<string> {
      const saved = this.#scores.all();
      for await (const row of this.#chosen(chooser, dataset)) {
        const scored = (await saved.next()).value;
        if (scored?.itemKey !== row.itemKey) throw new Error(`the saved scores do not belong to row ${row.row}`);
        const specs = (await this.#evaluators.of(row)).map(({ spec }) => spec);
        const item = itemResultOf(row, scored, specs, this.#payload.passThreshold);
        builder.add(item);
        if (item.outcome === 'error') {
          failures.first ||= item.reasoning;
          failures.count += 1;
        }
        yield `${JSON.stringify(item)}\n`;
      }
    };
    await this.#context.artifacts.put(ITEMS_ARTIFACT, lines.call(this), { contentType: 'application/jsonl' });
    if (failures.count === chooser.total) {
      throw new PermanentError(`none of ${chooser.total} rows could be judged; the first: ${failures.first}`, { code: 'NOTHING_JUDGED' });
    }
    return builder.finish({ sha256: this.#datasetSha256, rows, columns: dataset.columns });
  }

  /** The chosen rows in file order; reads no further than the last of them. */
  async *#chosen(chooser: RowChooser, dataset: ParsedDataset = this.#open()): AsyncGenerator<DatasetRow> {
    const isChosen = chooser.start();
    let left = chooser.total;
    for await (const row of dataset) {
      await this.#breather.rest();
      if (!isChosen(row)) continue;
      yield row;
      left -= 1;
      if (left === 0) return;
    }
  }

  #open(): ParsedDataset {
    const { ref, rows, format, fileName, columns } = this.#payload.dataset;
    return ref === null ? parseInlineRows(rows ?? [], columns) : parseDataset(this.#context.blobs.read(ref), { format, fileName, columns });
  }

  /** Scores saved under another plan (a replay with a changed payload) are not this run's. */
  #planId(): string {
    const { columns, selection, format } = this.#payload.dataset;
    return canonicalSha256({ config: configSha256(this.#payload), dataset: this.#datasetSha256, columns, selection, format }).slice(0, 16);
  }
}
