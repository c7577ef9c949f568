// Looking for a text in what a job or a message shows: `/` takes it, `n` and `N` go from one place to the next.

import type { Found, Model, Place } from '../model.js';
import { jobContent } from '../view/job.js';
import { letterContent } from '../view/letter.js';
import { lastScroll, type Content } from '../view/scroll.js';
import { rowsWith } from '../view/find.js';
import { typedText } from './edit-text.js';
import { flash, placeIn, replacePlace, stay, type Handler, type Step } from './step.js';

type ReadPlace = Extract<Place, { readonly view: 'job' | 'letter' }>;

/** Rows above the one that was found, so that it is read with what it belongs to. */
const LINES_ABOVE = 2;

export function readPlace(model: Model): ReadPlace | undefined {
  return placeIn(model, 'job') ?? placeIn(model, 'letter');
}

export function contentOf(model: Model, place: ReadPlace): Content {
  return place.view === 'job' ? jobContent(model, place) : letterContent(model, place);
}

/** Another section is read from its beginning, and searched for the same text. */
export function inNewSection({ found }: ReadPlace): { readonly scroll: number; readonly found: Found | null } {
  return { scroll: 0, found: found === null ? null : { ...found, row: null } };
}

export function askForText(model: Model): Step {
  const text = readPlace(model)?.found?.text ?? '';
  return stay({ ...model, prompt: { kind: 'filter', ...typedText(text), problem: null }, flash: null });
}

/** Goes to the first place in sight or below; an empty text ends the search. */
export function findText(model: Model, text: string): Model {
  const place = readPlace(model);
  if (place === undefined) return model;
  if (text === '') return { ...replacePlace(model, { ...place, found: null }), flash: null };
  return goToFound(model, place, text, (rows) => rows.find((row) => row >= place.scroll) ?? rows[0]);
}

/** Around the end, as lists of matches go everywhere. */
export function nextFound(by: 1 | -1): Handler {
  return (model) => {
    const place = readPlace(model);
    if (place === undefined) return stay(model);
    const { found } = place;
    if (found === null) return stay(flash(model, 'plain', '/ looks for a text here; n and N go from one place to the next'));
    const from = found.row ?? (by === 1 ? -1 : Infinity);
    const next = (rows: readonly number[]): number | undefined => (by === 1 ? (rows.find((row) => row > from) ?? rows[0]) : (rows.findLast((row) => row < from) ?? rows.at(-1)));
    return stay(goToFound(model, place, found.text, next));
  };
}

function goToFound(model: Model, place: ReadPlace, text: string, choose: (rows: readonly number[]) => number | undefined): Model {
  const { lines, height } = contentOf(model, place);
  const rows = rowsWith(lines, text);
  const row = choose(rows);
  if (row === undefined) return flash(replacePlace(model, { ...place, found: { text, row: null } }), 'wait', `not here: ${text}`);
  const isInSight = row >= place.scroll && row < place.scroll + height - 1;
  const scroll = isInSight ? place.scroll : Math.min(lastScroll(lines.length, height), Math.max(0, row - LINES_ABOVE));
  const count = rows.length === 1 ? 'the only line' : `${rows.indexOf(row) + 1} of ${rows.length} lines`;
  return flash(replacePlace(model, { ...place, scroll, found: { text, row } }), 'plain', `${count} with ${text}`);
}
