// Which columns the list of jobs has.

import type { PickDialog } from '../dialogs.js';
import { JOB_COLUMNS, type ColumnChoices, type JobColumn, type Model } from '../model.js';
import { doing, type Step } from './step.js';

const BY_WIDTH = 'as the width allows';

export function pickColumns(model: Model, at: JobColumn = 'queue'): Model {
  const { columns } = model.jobs;
  const dialog: PickDialog = {
    kind: 'pick',
    title: 'Columns',
    items: JOB_COLUMNS.map((column) => ({ label: column, detail: columns[column] ?? (column === 'user' ? 'hidden' : BY_WIDTH), choice: { kind: 'column', column } })),
    index: JOB_COLUMNS.indexOf(at),
    otherwise: null,
  };
  return { ...model, dialog };
}

/** To the next choice for the column, which is kept for other days; the dialog stays open for more. */
export function changeColumn(model: Model, column: JobColumn): Step {
  const columns = nextChoice(model.jobs.columns, column);
  return doing(pickColumns({ ...model, jobs: { ...model.jobs, columns } }, column), { t: 'save-columns', columns });
}

/** Those of the saved ones that this program has. */
export function knownColumns(saved: Readonly<Record<string, string>>): ColumnChoices {
  return Object.fromEntries(
    JOB_COLUMNS.flatMap((column) => {
      const choice = saved[column];
      return choice === 'shown' || choice === 'hidden' ? [[column, choice]] : [];
    }),
  );
}

/** By the width, shown, hidden, and by the width again; the user's name is shown where it was asked for only. */
function nextChoice(columns: ColumnChoices, column: JobColumn): ColumnChoices {
  const { [column]: present, ...others } = columns;
  if (present === undefined) return { ...others, [column]: 'shown' };
  return present === 'shown' && column !== 'user' ? { ...others, [column]: 'hidden' } : others;
}
