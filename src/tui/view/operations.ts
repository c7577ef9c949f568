// What operators changed from this machine, and the ledger of one operation.

import type { OperationCounts } from '../../domain/dead-letters/equation.js';
import type { LedgerRow, OperationRow } from '../data.js';
import { ago, dayTime, num } from '../figures.js';
import { bodyRows } from '../layout.js';
import type { Model, Place } from '../model.js';
import { dataOf, ledgerRows, operationRows } from '../rows.js';
import { clean, line, span, type Line, type Span } from '../text.js';
import { block, field, missing, rule } from './parts.js';
import { tableLines, type Column } from './table.js';

export function operationsTitle(model: Model): Line {
  return rule([span('Changes made from this machine', 'strong')], [span(`${operationRows(model).length} shown, newest first`, 'faint')], model.size.columns);
}

export function operationsBody(model: Model): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const absent = missing(model, 'operations', columns);
  if (absent !== undefined) return block(absent, columns, height);
  const rows = operationRows(model);
  if (rows.length === 0) return block([line('   nothing was replayed, purged, restored or changed from here yet')], columns, height);
  const table: readonly Column<OperationRow>[] = [
    { title: 'OPERATION', width: 9, cell: ({ id, operation }) => (operation === null ? span('change', 'faint') : id) },
    { title: 'WHEN', width: 4, align: 'right', cell: ({ at }) => ago(model.now - at) },
    { title: 'WHO', width: 10, drop: 3, cell: ({ by }) => clean(by) },
    { title: 'STATE', width: 11, cell: stateCell },
    { title: 'DONE', width: 6, align: 'right', cell: ({ done }) => num(done) },
    { title: 'SKIP', width: 5, align: 'right', drop: 4, cell: ({ skipped }) => num(skipped) },
    { title: 'FAIL', width: 5, align: 'right', drop: 2, cell: ({ failed }) => (failed === 0 ? '0' : span(num(failed), 'bad')) },
    { title: 'WHAT', width: 16, flexible: true, cell: ({ what }) => clean(what) },
    { title: 'WHY', width: 10, flexible: true, drop: 5, cell: ({ reasonText }) => (reasonText === null ? span('-', 'faint') : clean(reasonText)) },
  ];
  return block(tableLines({ columns: table, rows, idOf: ({ id }) => id, list: model.lists.operations, isActive: true }, columns, height), columns, height);
}

export function operationTitle(model: Model, { id }: Extract<Place, { readonly view: 'operation' }>): Line {
  const item = dataOf(model, 'operation')?.item;
  return rule([span(`Operation ${id}`, 'strong'), item === undefined ? '' : `  ${clean(item.what)}`], item === undefined ? [] : [stateCell(item)], model.size.columns);
}

export function operationBody(model: Model): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const data = dataOf(model, 'operation');
  const absent = missing(model, 'operation', columns);
  if (data === null || absent !== undefined) return block(absent ?? [], columns, height);
  const { item } = data;
  const counts = item.counts;
  const head = [
    field('who, when', `${clean(item.by)}, ${dayTime(item.at, model.now)} (${ago(model.now - item.at)} ago)`),
    field('why', item.reasonText === null ? '-' : clean(item.reasonText)),
    field('queues', clean(item.operation?.queues.join(', ') ?? '')),
    field('sum', counts === null ? '' : sumText(counts, item.operation?.unexplained ?? null)),
  ];
  const table: readonly Column<LedgerRow>[] = [
    { title: 'NUMBER', width: 8, align: 'right', cell: ({ sequenceNumber }) => sequenceNumber },
    { title: 'QUEUE', width: 15, align: 'middle', drop: 3, cell: ({ queue }) => clean(queue) },
    { title: 'JOB', width: 8, cell: ({ jobId }) => jobId?.slice(-8) ?? span('-', 'faint') },
    { title: 'TYPE', width: 10, align: 'middle', drop: 2, cell: ({ type }) => clean(type ?? '-') },
    { title: 'TO', width: 15, align: 'middle', drop: 4, cell: ({ target }) => clean(target) },
    { title: 'STATE', width: 8, cell: ({ state }) => span(state, state === 'failed' ? 'bad' : state === 'done' ? 'good' : 'wait') },
    { title: 'NOTE', width: 10, flexible: true, cell: ({ note }) => clean(note ?? '') },
  ];
  const rest = height - head.length;
  return block([...head, ...tableLines({ columns: table, rows: ledgerRows(model), idOf: ({ id }) => id, list: model.lists.operation, isActive: true }, columns, rest)], columns, height);
}

/** What did not add up stands first: the rest may be cut. */
function sumText({ matched, done, skipped, failed, pending }: OperationCounts, unexplained: number | null): string {
  const rest = pending === 0 ? '' : ` + not tried ${num(pending)}`;
  return `${unexplained === null ? '' : `unexplained ${num(unexplained)}; `}${num(matched)} = done ${num(done)} + failed ${num(failed)} + skipped ${num(skipped)}${rest}`;
}

function stateCell({ state }: OperationRow): Span {
  if (state === 'finished') return span(state, 'good');
  return span(state, state === 'running' ? 'busy' : 'wait');
}
