// One JSON line per figure: what was measured, the reference measured in the same run, the ratio and the goal.

export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Measured in the same run, on the same machine. */
  readonly reference?: { readonly what: string; readonly value: number };
  /** Holds for `value / reference.value` when there is a reference, else for `value`. */
  readonly goal?: Goal;
  readonly note?: string;
}

export function report(figure: Figure): void {
  const ratio = figure.reference === undefined ? undefined : figure.value / figure.reference.value;
  const judged = ratio ?? figure.value;
  const goal = figure.goal;
  const reached =
    goal === undefined ? undefined : (goal.atMost === undefined || judged <= goal.atMost) && (goal.atLeast === undefined || judged >= goal.atLeast);
  const line = {
    what: figure.what,
    value: round(figure.value),
    unit: figure.unit,
    reference: figure.reference === undefined ? undefined : { what: figure.reference.what, value: round(figure.reference.value) },
    ratio: ratio === undefined ? undefined : round(ratio),
    goal,
    reached,
    note: figure.note,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
