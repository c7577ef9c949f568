import { expect, test } from 'vitest';
import { BINDINGS, bindingOf, CONTEXTS, type Binding, type Context } from '../../../src/tui/keymap.js';

const bindings: readonly Binding[] = BINDINGS;

/** Contexts that are asked one after another. Dialogs stand alone. */
const WITH_LISTS: readonly Context[] = ['overview', 'jobs', 'dead', 'workers', 'log', 'operations', 'operation'];
const STACKS: readonly (readonly Context[])[] = [
  ...WITH_LISTS.map((context) => [context, 'lists', 'everywhere'] as const),
  ['job', 'everywhere'],
  ['letter', 'everywhere'],
  ['new-job', 'everywhere'],
  ['ask'],
  ['pick'],
  ['tell'],
];

test('no key has two meanings in one context', () => {
  for (const context of CONTEXTS) {
    const keys = bindings.filter((binding) => binding.context === context).flatMap(({ keys }) => keys);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index), context).toEqual([]);
  }
});

test('a key that means something else in an outer context says so', () => {
  for (const stack of STACKS) {
    stack.forEach((context, depth) => {
      const outer = bindings.filter((binding) => stack.indexOf(binding.context) > depth).flatMap(({ keys }) => keys);
      const shadowing = bindings.filter((binding) => binding.context === context && binding.keys.some((key) => outer.includes(key)));
      expect(shadowing.filter(({ shadows }) => shadows !== true).map(({ action }) => action), context).toEqual([]);
    });
  }
});

test('every context can be reached', () => {
  expect(new Set(STACKS.flat())).toEqual(new Set(CONTEXTS));
});

test('what changes data needs the shift key or a form, never a Ctrl chord by accident', () => {
  const dangerous = bindings.filter(({ danger }) => danger !== undefined);
  expect(dangerous.length).toBeGreaterThan(10);
  for (const { keys, action, context } of dangerous) {
    for (const key of keys) expect(key === key.toUpperCase() || (context === 'new-job' && key === 'ctrl-s'), `${key} ${action}`).toBe(true);
  }
});

test('purging is typed, Enter agrees to nothing', () => {
  for (const { action, danger } of bindings) if (action.endsWith('.purge')) expect(danger).toBe('typed');
  expect(bindingOf('enter', ['ask'])?.action).toBe('ask.no');
});

test('every binding explains itself in a line that fits the narrowest screen', () => {
  for (const { help, hint, action } of bindings) {
    expect(help, action).toMatch(/\S/);
    expect(help.length, action).toBeLessThanOrEqual(80);
    expect(help, action).not.toMatch(/\.$/);
    if (hint !== undefined) expect(hint.length, action).toBeLessThanOrEqual(14);
  }
});
