// Results as Markdown for a pull request or a mail: the numbers, then the items that did not pass. Everything that comes
// from a dataset is escaped, so that an answer cannot add markup, links, mentions or table cells.

import type { ItemResult } from '../item-result.js';
import { EVALUATION_LIMITS } from '../limits.js';
import type { CategorySummary, EvaluationSummary, GateResult, Interval, MetricSummary } from '../summary.js';
import { oneLine } from '../text/one-line.js';

export interface MarkdownOptions {
  /** What to say where the report had to be cut, such as the command that prints all items. */
  readonly pointer?: string;
}

const CELL_CHARACTERS = 300;
/** Kept free for the line that says that something was cut. */
const CLOSING_BYTES = 1024;

/** At most 60 kB: items beyond it are counted, not shown. */
export async function* exportMarkdown(summary: EvaluationSummary, items: AsyncIterable<ItemResult>, options: MarkdownOptions = {}): AsyncGenerator<string> {
  const head = headText(summary);
  yield head;
  let bytes = Buffer.byteLength(head);
  let shown = 0;
  let cut = 0;
  for await (const item of items) {
    if (item.passed) continue;
    const text = `${shown === 0 ? ITEMS_HEADER : ''}${itemLine(item)}`;
    bytes += cut > 0 ? 0 : Buffer.byteLength(text);
    if (cut > 0 || bytes > EVALUATION_LIMITS.markdownBytes - CLOSING_BYTES) {
      cut += 1;
      continue;
    }
    shown += 1;
    yield text;
  }
  if (cut > 0) yield `\n… and ${cut} more that did not pass.${options.pointer === undefined ? '' : ` ${options.pointer}`}\n`;
  else if (shown === 0) yield '\nEvery item passed.\n';
}

const ITEMS_HEADER = '\n## Not passed\n\n| Item | Question | Expected | Answer | Score | Why |\n| --- | --- | --- | --- | ---: | --- |\n';

function headText(summary: EvaluationSummary): string {
  const { counts, passRate } = summary;
  const facts = [`${counts.passed} of ${counts.runs} passed`, `${counts.failed} failed`, `${counts.errors} could not be judged`];
  const lines = [
    `# ${escaped(summary.name ?? 'Evaluation')}`,
    '',
    `**Pass rate ${percent(passRate.value)}**${intervalText(passRate.ci95)} · ${facts.join(' · ')} · gates: ${summary.verdict}`,
    ...table('Gates', ['Metric', 'Limit', 'Value', 'Held'], summary.gates.map(gateCells)),
    ...table('Metrics', ['Evaluator', 'n', 'Mean', '95 % interval', 'p50', 'Passed', 'Missing'], Object.entries(summary.metrics).map(metricCells)),
    ...table('Categories', ['Category', 'Runs', 'Passed', 'Pass rate'], Object.entries(summary.byCategory).map(categoryCells)),
  ];
  // Categories and gates are bounded, but their names are not.
  return `${lines.join('\n')}\n`.slice(0, EVALUATION_LIMITS.markdownBytes / 2);
}

function table(heading: string, columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return ['', `## ${heading}`, '', line(columns), line(columns.map(() => '---')), ...rows.map(line)];
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function gateCells(gate: GateResult): string[] {
  const sign = gate.bound === 'min' ? '>=' : '<=';
  const use = gate.use === 'value' ? '' : ` (${gate.use})`;
  return [`${escaped(gate.metric)}${use}`, `${sign} ${gate.limit}`, gate.value === null ? escaped(gate.reason ?? '') : number(gate.value), gate.passed ? 'yes' : '**no**'];
}

function metricCells([id, metric]: readonly [string, MetricSummary]): string[] {
  // Scores end at 0 and 1, the t interval does not know that.
  const interval = metric.ci95 === null ? '' : metric.ci95.map((bound) => number(Math.min(1, Math.max(0, bound)))).join(' – ');
  return [escaped(id), String(metric.n), number(metric.mean), interval, number(metric.p50), percent(metric.passRate), String(metric.missing)];
}

function categoryCells([name, category]: readonly [string, CategorySummary]): string[] {
  return [escaped(name), String(category.runs), String(category.passed), `${percent(category.passRate.value)}${intervalText(category.passRate.ci95)}`];
}

function itemLine(item: ItemResult): string {
  const why = [item.outcome === 'error' ? 'error' : '', item.reasoning, ...item.differences].filter((part) => part !== '').join('; ');
  const cells = [item.itemKey, item.input ?? '', (item.expected ?? []).join(' / '), item.answer ?? '(none)'].map(escaped);
  return `${line([...cells, number(item.score), escaped(why)])}\n`;
}

/** Backslashes make Markdown's own characters plain; `@` and `<` become entities, which no renderer acts on. */
function escaped(text: string): string {
  return oneLine(text.replace(/\r\n|\r|\n/g, ' ⏎ '), CELL_CHARACTERS)
    .replace(/[\\`*_[\]#|~>]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/@/g, '&#64;')
    .replace(/:\/\//g, ':&#47;&#47;');
}

function percent(value: number | null): string {
  return value === null ? 'n/a' : `${(value * 100).toFixed(1)} %`;
}

function intervalText(interval: Interval | null): string {
  return interval === null ? '' : ` (95 %: ${percent(interval[0])} – ${percent(interval[1])})`;
}

function number(value: number | null): string {
  return value === null ? '' : String(Number(value.toFixed(4)));
}
