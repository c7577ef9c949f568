// The result of one message: the next model, and what is to be done.

import type { Effect } from '../messages.js';
import type { Flash, ListName, ListState, Model, Place } from '../model.js';
import { placeOf } from '../model.js';

export type Step = readonly [Model, readonly Effect[]];
/** What an action does; `at`: when its key was pressed. */
export type Handler = (model: Model, at: number) => Step;
/** The handlers of all actions with this beginning: a missing one is a compile error. */
export type Handlers<All extends string, Prefix extends string> = Readonly<Record<Extract<All, `${Prefix}.${string}`>, Handler>>;

const FLASH_MS = 6_000;

export function stay(model: Model): Step {
  return [model, []];
}

export function doing(model: Model, ...effects: readonly Effect[]): Step {
  return [model, effects];
}

/** A line above the keys that goes by itself. */
export function flash(model: Model, tone: Flash['tone'], text: string): Model {
  return { ...model, flash: { tone, text, until: model.now + (tone === 'bad' ? 2 * FLASH_MS : FLASH_MS) } };
}

export function withList(model: Model, name: ListName, list: ListState): Model {
  return { ...model, lists: { ...model.lists, [name]: list } };
}

export function enter(model: Model, place: Place): Model {
  return { ...model, places: [...model.places, place] };
}

export function replacePlace(model: Model, place: Place): Model {
  return { ...model, places: [...model.places.slice(0, -1), place] };
}

export function leave(model: Model): Model {
  return model.places.length > 1 ? { ...model, places: model.places.slice(0, -1) } : model;
}

/**
 * A changing action is refused here, before any dialog opens. Undefined: it may go on. `needsQueues`: it cannot be done
 * while the queues cannot be reached; jobs can be changed and submitted as long as the store answers.
 */
export function refusal(model: Model, needsQueues: boolean): Step | undefined {
  const { session, running, slices } = model;
  if (session.readOnly) {
    const how = session.production ? 'start again with --write' : 'start without --read-only, or type :readonly off';
    return stay(flash(model, 'wait', `read-only: nothing is changed (${how})`));
  }
  const { state, problem, data } = slices.overview;
  const obstacle = state === 'error' ? problem : needsQueues ? (data?.stats.problem ?? null) : null;
  if (obstacle !== null) return stay(flash(model, 'bad', `not now: ${obstacle.message}`));
  if (running !== null) return stay(flash(model, 'wait', `${running.verb} is still going on; Esc stops it`));
  return undefined;
}

/** Another profile, not while something is being changed in this one. */
export function switchProfile(model: Model, name: string): Step {
  const { running } = model;
  if (running !== null) return stay(flash(model, 'wait', `${running.verb} is still going on; Esc stops it`));
  return doing(flash(model, 'plain', `opening profile ${name} …`), { t: 'switch-profile', name });
}

/** Tells what was put on the clipboard: terminals do not tell whether they took it. */
export function copyText(model: Model, text: string | undefined): Step {
  if (text === undefined || text === '') return stay(flash(model, 'plain', 'nothing to copy here'));
  const shown = text.length > 200 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
  return doing(flash(model, 'plain', `copied: ${shown}`), { t: 'copy', text });
}

/** A command line that means the same installation as this screen. */
export function commandLine(model: Model, words: string): string {
  const { globalOptions } = model.session;
  return globalOptions === '' ? `copiloteval ${words}` : `copiloteval ${globalOptions} ${words}`;
}

/** Names one preparation and its answer: answers to earlier ones are dropped. */
export function takeToken(model: Model): readonly [Model, number] {
  return [{ ...model, nextToken: model.nextToken + 1 }, model.nextToken];
}

/** The place that is shown, if it is of this view. */
export function placeIn<V extends Place['view']>(model: Model, view: V): Extract<Place, { readonly view: V }> | undefined {
  const place = placeOf(model);
  return place.view === view ? (place as Extract<Place, { readonly view: V }>) : undefined;
}
