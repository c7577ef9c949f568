// Loads the user's own handlers: modules whose default export is one handler or a list of them.

import { pathToFileURL } from 'node:url';

import { AppError } from '../domain/errors.js';
import { findJobType } from '../domain/queue-registry.js';
import type { AnyHandler } from './handler-registry.js';

const TYPE_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i;
const HINT = "a handler module begins with `export default { type: 'my-type', async run(context, payload) { … } }`";

/** In order. Throws HANDLER_INVALID naming the file and what is wrong with it. */
export async function loadHandlerModules(paths: readonly string[]): Promise<readonly AnyHandler[]> {
  const found: { handler: AnyHandler; path: string }[] = [];
  for (const path of paths) {
    for (const handler of handlersOf(await importModule(path), path)) {
      const other = found.find((entry) => entry.handler.type === handler.type);
      if (other !== undefined) throw invalid(path, `type ${JSON.stringify(handler.type)} is also defined by ${other.path}`);
      found.push({ handler, path });
    }
  }
  return found.map(({ handler }) => handler);
}

async function importModule(path: string): Promise<unknown> {
  try {
    const module: unknown = await import(pathToFileURL(path).href);
    return module;
  } catch (error) {
    throw new AppError('HANDLER_INVALID', `${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'the file must be there and run under Node by itself: `node --check` finds mistakes in it',
      cause: error,
    });
  }
}

function handlersOf(module: unknown, path: string): readonly AnyHandler[] {
  const exported = isObject(module) ? module['default'] : undefined;
  if (exported === undefined) throw invalid(path, 'it has no default export');
  const list: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  if (list.length === 0) throw invalid(path, 'its default export is an empty list');
  return list.map((value, index) => checkHandler(value, path, list.length === 1 ? 'its handler' : `handler ${index + 1}`));
}

function checkHandler(value: unknown, path: string, which: string): AnyHandler {
  if (!isObject(value)) throw invalid(path, `${which}: expected an object, got ${value === null ? 'null' : typeof value}`);
  const { type, run, queue, timeoutMs, parse } = value;
  if (typeof type !== 'string' || !TYPE_NAME.test(type)) {
    throw invalid(path, `${which}: type must be 1 to 100 letters, digits, dots, dashes or underscores, got ${JSON.stringify(type)}`);
  }
  if (findJobType(type) !== undefined) throw invalid(path, `${which}: type ${JSON.stringify(type)} is built in`);
  if (typeof run !== 'function') throw invalid(path, `${which} (${type}): run must be a function, got ${typeof run}`);
  if (parse !== undefined && typeof parse !== 'function') throw invalid(path, `${which} (${type}): parse must be a function, got ${typeof parse}`);
  if (queue !== undefined && (typeof queue !== 'string' || queue === '')) throw invalid(path, `${which} (${type}): queue must be a name, got ${JSON.stringify(queue)}`);
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0 && Number.isFinite(timeoutMs))) {
    throw invalid(path, `${which} (${type}): timeoutMs must be a number above 0, got ${JSON.stringify(timeoutMs)}`);
  }
  // The checks above are the type's; methods keep their `this`.
  return value as unknown as AnyHandler;
}

function invalid(path: string, what: string): AppError {
  return new AppError('HANDLER_INVALID', `${path}: ${what}`, { hint: HINT });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
