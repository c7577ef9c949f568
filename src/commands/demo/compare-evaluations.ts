// Two evaluations side by side: pass rates with their intervals, and the gates.

import { AppError } from '../../domain/errors.js';
import type { EvaluationSummary } from '../../evaluation/summary.js';
import type { Io } from '../../output/io.js';
import { renderTable } from '../../output/table.js';

export interface EvaluatedAnswers {
  readonly name: string;
  /** As `submit --wait -o json` prints it. */
  readonly job: { readonly jobId: string; readonly status: string; readonly result: EvaluationSummary | null };
}

export function compareEvaluations(sets: readonly EvaluatedAnswers[], io: Io): string {
  const rows = sets.map(({ name, job }) => {
    const { counts, passRate, verdict, gates } = summaryOf(name, job);
    const failed = gates.filter((gate) => !gate.passed).length;
    const interval = passRate.ci95 === null ? '' : `${percent(passRate.ci95[0])} to ${percent(passRate.ci95[1])}`;
    const gateText = failed === 0 ? `✔ all ${gates.length} hold` : `✘ ${failed} of ${gates.length} failed`;
    return [
      name,
      `${counts.passed}/${counts.runs}`,
      percent(passRate.value),
      interval,
      { text: gateText, paint: verdict === 'failed' ? io.style.red : io.style.green },
      job.jobId.slice(-8),
    ];
  });
  const columns = [
    { header: 'answers' },
    { header: 'passed', align: 'right' as const },
    { header: 'rate', align: 'right' as const },
    { header: '95 % interval' },
    { header: 'gates' },
    { header: 'job' },
  ];
  return `\n${renderTable({ columns, rows }, io)}\n`;
}

function summaryOf(name: string, { result, status }: EvaluatedAnswers['job']): EvaluationSummary {
  if (result === null) throw new AppError('DEMO_FAILED', `the evaluation of ${name} ended ${status} without a result`);
  return result;
}

function percent(value: number | null): string {
  return value === null ? '-' : `${(value * 100).toFixed(1)} %`;
}
