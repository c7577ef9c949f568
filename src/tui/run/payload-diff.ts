// What a person changed in a payload: as the assignments that `dlq replay --set` takes, and as lines to read.

import type { PayloadAssignment } from '../../domain/dead-letters/payload-edit.js';
import type { Json, JsonObject } from '../../domain/json.js';
import { says, type DialogLine } from '../dialogs.js';

interface Difference {
  readonly path: readonly string[];
  /** Undefined: it was not there. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/**
 * Assignments that turn `before` into `after`. An assignment can set and not remove: where something was removed, what
 * holds it is set as a whole.
 */
export function payloadEdits(before: Json, after: Json, path: readonly string[] = []): readonly PayloadAssignment[] {
  if (same(before, after)) return [];
  if (!canDescend(before, after)) return [{ path, value: after }];
  return childNames(before, after).flatMap((name) => {
    const [old, changed] = [childOf(before, name), childOf(after, name)];
    if (changed === undefined) return [];
    return old === undefined ? [{ path: [...path, name], value: changed }] : payloadEdits(old, changed, [...path, name]);
  });
}

const MAX_SHOWN = 200;

/** `- url: "http://a"`, `+ url: "http://b"`. */
export function diffLines(before: Json, after: Json): readonly DialogLine[] {
  return differences(before, after, []).flatMap(({ path, before: old, after: changed }) => {
    const name = path.length === 0 ? '(payload)' : path.join('.');
    return [...(old === undefined ? [] : [says(`- ${name}: ${shown(old)}`, 'bad')]), ...(changed === undefined ? [] : [says(`+ ${name}: ${shown(changed)}`, 'good')])];
  });
}

function differences(before: Json, after: Json, path: readonly string[]): readonly Difference[] {
  if (same(before, after)) return [];
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) return [{ path, before, after }];
  return childNames(before, after).flatMap((name) => {
    const [old, changed] = [childOf(before, name), childOf(after, name)];
    if (old === undefined || changed === undefined) return [{ path: [...path, name], before: old, after: changed }];
    return differences(old, changed, [...path, name]);
  });
}

/** Both hold the same kind of thing, and nothing was removed from it. */
function canDescend(before: Json, after: Json): before is JsonObject | readonly Json[] {
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) return false;
  return Object.keys(before).every((name) => Object.hasOwn(after, name));
}

function childNames(before: Json, after: Json): readonly string[] {
  return [...new Set([...(isContainer(before) ? Object.keys(before) : []), ...(isContainer(after) ? Object.keys(after) : [])])];
}

function childOf(value: Json, name: string): Json | undefined {
  if (!isContainer(value) || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, Json>>)[name];
}

function isContainer(value: Json): value is JsonObject | readonly Json[] {
  return typeof value === 'object' && value !== null;
}

function same(a: Json, b: Json): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}
