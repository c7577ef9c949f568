// The help, made from the table of keys and the table of commands.

import { bindingsOf, type Binding, type Context } from '../keymap.js';
import { bodyRows } from '../layout.js';
import type { HelpView, Model } from '../model.js';
import { left, line, span, type Line } from '../text.js';
import { SCREEN_COMMANDS } from '../update/command-line.js';
import { contextsOf } from '../update/update.js';
import { block, rule } from './parts.js';
import { scrolled } from './scroll.js';

export const CONTEXT_NAMES: Readonly<Record<Context, string>> = {
  everywhere: 'Everywhere',
  lists: 'Moving in a list',
  overview: 'Overview',
  jobs: 'Jobs',
  job: 'Job',
  dead: 'Dead letters',
  letter: 'Message',
  operations: 'Changes',
  operation: 'Operation',
  workers: 'Workers',
  log: 'Log',
  'new-job': 'New job',
  ask: 'In a question',
  pick: 'In a choice',
  tell: 'In an answer',
};

export function helpTitle(model: Model, help: HelpView): Line {
  const typed = help.filter === '' ? span('type to filter', 'faint') : span(help.filter, 'accent');
  const signs = model.size.columns < 80 ? '! asks   !! typed' : '! asks first   !! has to be typed   Esc closes';
  return rule([span('Help', 'strong'), '  ', typed], [span(signs, 'faint')], model.size.columns);
}

export function helpBody(model: Model, help: HelpView): readonly Line[] {
  const { columns } = model.size;
  const height = bodyRows(model.size);
  const wanted = help.filter.toLowerCase();
  const fits = (text: string): boolean => wanted === '' || text.toLowerCase().includes(wanted);
  const contexts = wanted === '' ? contextsOf(model) : (Object.keys(CONTEXT_NAMES) as Context[]);
  const sections = contexts.flatMap((context) => sectionLines(CONTEXT_NAMES[context], bindingsOf(context).filter((binding) => fits(`${binding.keys.join(' ')} ${binding.help}`)), columns));
  const commands = SCREEN_COMMANDS.filter(({ names, help: text }) => fits(`:${names.join(' ')} ${text}`)).map(({ names, takes, help: text }) => line('   ', span(left(`:${names.join(', :')} ${takes}`, 28), 'accent'), text));
  const content = [...sections, ...(commands.length === 0 ? [] : [line(span(' Commands', 'strong')), ...commands])];
  return content.length === 0 ? block([line('   nothing about that')], columns, height) : scrolled(content, { scroll: help.scroll, found: null }, columns, height);
}

function sectionLines(name: string, bindings: readonly Binding[], cells: number): readonly Line[] {
  if (bindings.length === 0) return [];
  const rows = bindings.map((binding) => line('   ', span(left(keysText(binding), 20), 'accent'), binding.help));
  if (cells < 110) return [line(span(` ${name}`, 'strong')), ...rows, line('')];
  const half = Math.ceil(bindings.length / 2);
  const room = Math.floor(cells / 2);
  const paired = bindings.slice(0, half).map((binding, index) => {
    const second = bindings[half + index];
    return line('   ', span(left(keysText(binding), 18), 'accent'), left(binding.help, room - 22), ' ', second === undefined ? '' : span(left(keysText(second), 18), 'accent'), second?.help ?? '');
  });
  return [line(span(` ${name}`, 'strong')), ...paired, line('')];
}

/** `ctrl-d, pagedown`, `R !`, `P !!`. */
export function keysText({ keys, danger }: Pick<Binding, 'keys' | 'danger'>): string {
  const mark = danger === undefined ? '' : danger === 'asks' ? ' !' : ' !!';
  return `${keys.join(', ')}${mark}`;
}
