// Cursors of lists. A cursor is on a row's id: when data changes it stays with the row, and when the row goes it stays at
// the place. `0 <= index < rows` and `top <= index < top + visible` hold after every function, while there are rows.

import type { ListName, ListState, Model } from '../model.js';
import { placeOf } from '../model.js';
import { idsOf } from '../rows.js';
import { visibleRows } from '../layout.js';
import type { Action } from '../keymap.js';
import { stay, withList, type Handlers, type Step } from './step.js';

/** The list that keys move in, if the place has one. */
export function activeList(model: Model): ListName | undefined {
  const place = placeOf(model);
  switch (place.view) {
    case 'overview':
    case 'jobs':
    case 'workers':
    case 'log':
    case 'operations':
    case 'operation':
      return place.view;
    case 'dead':
      return model.dead.focus;
    case 'job':
    case 'letter':
    case 'new-job':
      return undefined;
  }
}

export function moveTo(list: ListState, ids: readonly string[], index: number, visible: number, at: number): ListState {
  if (ids.length === 0) return { ...list, selected: null, index: 0, top: 0 };
  const next = clamp(index, 0, ids.length - 1);
  return { ...list, selected: ids[next] ?? null, index: next, top: inSight(list.top, next, ids.length, visible), movedAt: at };
}

/** After the rows have changed. */
export function settle(list: ListState, ids: readonly string[], visible: number): ListState {
  if (ids.length === 0) return { ...list, selected: list.selected, index: 0, top: 0 };
  const found = list.selected === null ? 0 : ids.indexOf(list.selected);
  const index = found >= 0 ? found : clamp(list.index, 0, ids.length - 1);
  // The selected row keeps its place on the screen; at the top of a list, new rows come into sight above it.
  const top = list.top === 0 ? 0 : list.top + (index - list.index);
  return { ...list, selected: ids[index] ?? null, index, top: inSight(top, index, ids.length, visible) };
}

export function settleList(model: Model, name: ListName): Model {
  return withList(model, name, settle(model.lists[name], idsOf(model, name), visibleRows(model, name)));
}

/** Marks on rows that have gone are dropped; how many were. */
export function dropLostMarks(list: ListState, ids: readonly string[]): { readonly list: ListState; readonly lost: number } {
  if (list.marks.length === 0) return { list, lost: 0 };
  const there = new Set(ids);
  const marks = list.marks.filter((id) => there.has(id));
  return { list: marks.length === list.marks.length ? list : { ...list, marks }, lost: list.marks.length - marks.length };
}

export function toggleMark(list: ListState): ListState {
  if (list.selected === null) return list;
  const { selected, marks } = list;
  return { ...list, marks: marks.includes(selected) ? marks.filter((id) => id !== selected) : [...marks, selected] };
}

export const listActions: Handlers<Action, 'list'> = {
  'list.down': (model, at) => move(model, at, ({ index }) => index + 1),
  'list.up': (model, at) => move(model, at, ({ index }) => index - 1),
  'list.first': (model, at) => move(model, at, () => 0),
  'list.last': (model, at) => move(model, at, (_list, count) => count - 1),
  'list.page-down': (model, at) => move(model, at, ({ index }, _count, visible) => index + Math.max(1, visible - 1)),
  'list.page-up': (model, at) => move(model, at, ({ index }, _count, visible) => index - Math.max(1, visible - 1)),
  'list.high': (model, at) => move(model, at, ({ top }) => top),
  'list.middle': (model, at) => move(model, at, ({ top }, count, visible) => top + Math.floor((Math.min(count - top, visible) - 1) / 2)),
  'list.low': (model, at) => move(model, at, ({ top }, _count, visible) => top + visible - 1),
};

function move(model: Model, at: number, target: (list: ListState, count: number, visible: number) => number): Step {
  const name = activeList(model);
  if (name === undefined) return stay(model);
  const ids = idsOf(model, name);
  const visible = visibleRows(model, name);
  const list = model.lists[name];
  const moved = withList(model, name, moveTo(list, ids, target(list, ids.length, visible), visible, at));
  return stay(name === 'log' ? { ...moved, log: { ...moved.log, follow: moved.lists.log.index >= ids.length - 1 } } : moved);
}

function inSight(top: number, index: number, count: number, visible: number): number {
  const last = Math.max(0, count - visible);
  return clamp(clamp(top, index - visible + 1, index), 0, last);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), Math.max(least, most));
}
