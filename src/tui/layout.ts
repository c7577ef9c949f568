// Which part of the screen goes to what. Update needs it to keep cursors in sight, the view to draw.

import type { ListName, Model } from './model.js';
import type { Size } from './terminal/terminal.js';

export const LEAST_SIZE: Size = { columns: 60, rows: 15 };

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < LEAST_SIZE.columns || rows < LEAST_SIZE.rows;
}

/** Header, tabs and title above; flash or prompt, and keys below. */
const AROUND_BODY = 5;

export function bodyRows({ rows }: Size): number {
  return Math.max(1, rows - AROUND_BODY);
}

export interface OverviewLayout {
  /** Rows of the queue table, with its header. */
  readonly table: number;
  /** Curve, lifecycle and throughput beside each other; or lines of figures above each other. */
  readonly panel: 'columns' | 'lines';
  /** Rows under the table, with the panel's title. */
  readonly rest: number;
}

/** Title, curve, run times and the lifecycle's eight rows side by side, with a line or two of what needs attention. */
const PANEL_ROWS = 9;
/** More queues than this are scrolled rather than pushing the panel away. */
const QUEUES_BEFORE_PANEL = 10;

export function overviewLayout(size: Size, queues: number): OverviewLayout {
  const body = bodyRows(size);
  // The header, and a row that sets the table off.
  const wanted = queues + 2;
  if (size.columns >= 96 && body - PANEL_ROWS >= Math.min(wanted, QUEUES_BEFORE_PANEL + 2)) {
    const table = Math.min(wanted, body - PANEL_ROWS);
    return { table, panel: 'columns', rest: body - table };
  }
  const table = Math.min(wanted, body - (body >= 14 ? 5 : 4));
  return { table, panel: 'lines', rest: body - table };
}

export interface DeadLayout {
  /** Groups and messages side by side; else one at a time. */
  readonly isWide: boolean;
  readonly groupColumns: number;
  /** Rows of the two lists, with their headers. */
  readonly listRows: number;
  /** Rows of the message below, with its title; 0: none. */
  readonly inspectorRows: number;
}

export function deadLayout(size: Size): DeadLayout {
  const body = bodyRows(size);
  const isWide = size.columns >= 96;
  const inspectorRows = body >= 20 ? Math.floor(body * 0.42) : 0;
  return { isWide, groupColumns: isWide ? Math.floor(size.columns * 0.5) : size.columns, listRows: body - inspectorRows, inspectorRows };
}

/** From here on the selected job is shown beside the list. */
export function showsJobPane({ columns }: Size): boolean {
  return columns >= 130;
}

export function jobPaneCells({ columns }: Size): number {
  return Math.floor(columns * 0.45) - 3;
}

/** Rows of data that a list shows at once, without its header. */
export function visibleRows(model: Model, list: ListName): number {
  const { size } = model;
  switch (list) {
    case 'overview':
      return Math.max(1, overviewLayout(size, model.slices.overview.data?.stats.queues.length ?? 0).table - 1);
    case 'groups':
    case 'letters':
      return Math.max(1, deadLayout(size).listRows - 1);
    case 'log':
      return bodyRows(size);
    case 'operation':
      return Math.max(1, bodyRows(size) - 5);
    case 'jobs':
    case 'workers':
    case 'operations':
      return Math.max(1, bodyRows(size) - 1);
  }
}

/** Jobs are loaded in chunks; three of them are in memory, so that the cursor can run ahead of the store. */
export function jobsChunk(size: Size): number {
  return Math.max(40, Math.ceil(bodyRows(size) / 20) * 20);
}
