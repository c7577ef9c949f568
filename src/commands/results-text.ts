// The result of a job for people: of an evaluation its numbers and worst items, of anything else the JSON.

import { shortId } from '../domain/ids.js';
import type { EvaluationSummary, Interval } from '../evaluation/summary.js';
import type { Io } from '../output/io.js';
import { formatBytes } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import { renderTable } from '../output/table.js';
import type { Runtime } from '../runtime.js';
import { itemsOf, type JobResults } from '../services/results-of-job.js';
import { outcomeLine, passRateText } from './job-outcome.js';

const WORST_ITEMS = 3;

export async function resultsText(runtime: Pick<Runtime, 'blobs'>, results: JobResults, io: Io): Promise<string> {
  const { job, result, evaluation } = results;
  if (evaluation === null) {
    const json = printable(JSON.stringify(result, null, 2), { lines: true });
    return [outcomeLine(job, io), json, ...artifactLines(results, io)].join('\n');
  }
  const worst = await worstText(runtime, results, io);
  return [
    outcomeLine(job, io),
    passRateText(evaluation),
    ...section('gates', gatesTable(evaluation, io), io),
    ...section('evaluators', metricsTable(evaluation, io), io),
    ...section('categories', categoriesTable(evaluation, io), io),
    ...section('look at these first', worst, io),
    ...section('exports', exportLines(job.jobId), io),
  ].join('\n');
}

function section(title: string, body: string, io: Io): readonly string[] {
  return body === '' ? [] : ['', io.style.bold(title), body];
}

function gatesTable({ gates }: EvaluationSummary, io: Io): string {
  if (gates.length === 0) return '';
  return renderTable(
    {
      columns: [{ header: 'METRIC', flexible: true }, { header: 'LIMIT', align: 'right' }, { header: 'VALUE', align: 'right' }, { header: 'HELD' }],
      rows: gates.map((gate) => [
        gate.use === 'value' ? gate.metric : `${gate.metric} (${gate.use})`,
        `${gate.bound === 'min' ? '>=' : '<='} ${gate.limit}`,
        number(gate.value),
        gate.passed ? { text: 'yes', paint: io.style.green } : { text: 'no', paint: io.style.red },
      ]),
    },
    io,
  );
}

function metricsTable({ metrics }: EvaluationSummary, io: Io): string {
  return renderTable(
    {
      columns: [
        { header: 'EVALUATOR', flexible: true },
        { header: 'N', align: 'right' },
        { header: 'MEAN', align: 'right' },
        { header: '95 %', align: 'right' },
        { header: 'PASSED', align: 'right' },
      ],
      rows: Object.entries(metrics).map(([id, metric]) => [id, String(metric.n), number(metric.mean), interval(metric.ci95), percent(metric.passRate)]),
    },
    io,
  );
}

function categoriesTable({ byCategory }: EvaluationSummary, io: Io): string {
  const rows = Object.entries(byCategory);
  if (rows.length < 2) return '';
  return renderTable(
    {
      columns: [{ header: 'CATEGORY', flexible: true }, { header: 'RUNS', align: 'right' }, { header: 'PASSED', align: 'right' }, { header: 'RATE', align: 'right' }],
      rows: rows.map(([name, category]) => [name, String(category.runs), String(category.passed), percent(category.passRate.value)]),
    },
    io,
  );
}

async function worstText(runtime: Pick<Runtime, 'blobs'>, results: JobResults, io: Io): Promise<string> {
  const { itemLines, worstItems } = await import('../evaluation/worst-items.js');
  const items = await worstItems(itemsOf(runtime, results), WORST_ITEMS);
  return items.flatMap((item) => itemLines(item, Math.min(io.columns, 120))).map((line) => printable(line, { lines: true })).join('\n');
}

function exportLines(jobId: string): string {
  const id = shortId(jobId);
  return `copiloteval results ${id} --format csv --out results.csv\ncopiloteval results ${id} --format md`;
}

function artifactLines({ job }: JobResults, io: Io): readonly string[] {
  if (job.artifacts.length === 0) return [];
  const id = shortId(job.jobId);
  return ['', io.style.bold('files'), ...job.artifacts.map(({ name, bytes }) => `${printable(name)} (${formatBytes(bytes)})  copiloteval results ${id} --artifact ${printable(name)}`)];
}

function number(value: number | null): string {
  return value === null ? '-' : String(Number(value.toFixed(4)));
}

/** Scores end at 0 and 1; a t interval does not know that. */
function interval(ends: Interval | null): string {
  return ends === null ? '-' : ends.map((end) => number(Math.min(1, Math.max(0, end)))).join('–');
}

function percent(value: number | null): string {
  return value === null ? '-' : `${(value * 100).toFixed(1)} %`;
}
