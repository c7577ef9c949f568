// The help: typing filters it, Esc or Enter closes it.

import type { HelpView, Model } from '../model.js';
import { bodyRows } from '../layout.js';
import type { Key } from '../terminal/terminal.js';
import { graphemes } from '../text.js';
import { doing, stay, type Step } from './step.js';

const MAX_FILTER = 40;

export function typeIntoHelp(model: Model, help: HelpView, key: Key): Step {
  const page = bodyRows(model.size) - 2;
  switch (key.name) {
    case 'escape':
    case 'enter':
      return stay({ ...model, help: null });
    case 'ctrl-c':
      return doing({ ...model, ended: true }, { t: 'quit', code: 0 });
    case 'down':
      return stay({ ...model, help: { ...help, scroll: help.scroll + 1 } });
    case 'up':
      return stay({ ...model, help: { ...help, scroll: Math.max(0, help.scroll - 1) } });
    case 'pagedown':
    case 'ctrl-d':
      return stay({ ...model, help: { ...help, scroll: help.scroll + page } });
    case 'pageup':
    case 'ctrl-u':
      return stay({ ...model, help: { ...help, scroll: Math.max(0, help.scroll - page) } });
    case 'backspace':
    case 'delete':
      return stay({ ...model, help: { filter: graphemes(help.filter).slice(0, -1).join(''), scroll: 0 } });
    default:
      break;
  }
  // `?` and q close what they opened, as long as nothing is typed.
  if ((key.name === '?' || key.name === 'q') && help.filter === '') return stay({ ...model, help: null });
  if (key.text === null || help.filter.length >= MAX_FILTER) return stay(model);
  return stay({ ...model, help: { filter: help.filter + key.text, scroll: 0 } });
}
