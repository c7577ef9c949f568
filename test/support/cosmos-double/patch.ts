// A patch as the service applies it: at most ten operations, a path's parent must exist, the condition must hold.

import { Refusal } from './documents.js';
import { type Document, isTrue } from './sql-evaluate.js';
import { parseCondition } from './sql-parse.js';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

export function patched(document: Document, patch: unknown): Document {
  const { condition, operations } = readPatch(patch);
  if (condition !== undefined) {
    const { alias, where } = parseCondition(condition);
    if (!isTrue(where, alias, document)) throw new Refusal(412, 'the condition of the patch does not hold');
  }
  if (operations.length > 10) throw new Refusal(400, 'a patch takes at most 10 operations');
  const copy = structuredClone(document) as Record<string, unknown>;
  for (const operation of operations) apply(copy, operation);
  return copy;
}

function readPatch(patch: unknown): { condition: string | undefined; operations: readonly Operation[] } {
  if (Array.isArray(patch)) return { condition: undefined, operations: patch as Operation[] };
  const { condition, operations } = patch as { condition?: string; operations?: Operation[] };
  if (!Array.isArray(operations)) throw new Refusal(400, 'a patch needs operations');
  return { condition, operations };
}

function apply(document: Record<string, unknown>, { op, path, value }: Operation): void {
  const parts = path.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = parts.pop();
  let parent: unknown = document;
  for (const part of parts) parent = isObject(parent) ? parent[part] : undefined;
  if (last === undefined || !isObject(parent)) throw new Refusal(400, `the parent of ${path} is not there`);
  if (['id', '_etag', '_ts', '_rid'].includes(last) && parts.length === 0) throw new Refusal(400, `${path} cannot be patched`);
  if (op === 'set' || op === 'add') parent[last] = value;
  else if (op === 'remove') {
    if (!Object.hasOwn(parent, last)) throw new Refusal(400, `${path} is not there`);
    delete parent[last];
  } else if (op === 'replace') {
    if (!Object.hasOwn(parent, last)) throw new Refusal(400, `${path} is not there`);
    parent[last] = value;
  } else if (op === 'incr') {
    const before = parent[last] ?? 0;
    if (typeof before !== 'number' || typeof value !== 'number') throw new Refusal(400, `${path} is no number`);
    parent[last] = before + value;
  } else throw new Refusal(400, `no patch operation ${op}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
