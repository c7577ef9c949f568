// HandlerRegistry: which job types this worker runs, and the code of each, loaded when its first job comes.

import { AppError } from '../domain/errors.js';
import type { Handler } from './handler.js';

/**
 * A handler of any payload type, as the worker calls it: what `parse` returns is what `run` gets, and nobody else looks
 * at it.
 */
export type AnyHandler = Handler<unknown>;

export interface HandlerSource {
  readonly type: string;
  /** One attempt's time; undefined: the handler's own, else its queue's. */
  readonly timeoutMs?: number | undefined;
  load(): Promise<AnyHandler>;
}

export interface LoadedHandler {
  readonly handler: AnyHandler;
  readonly timeoutMs: number | undefined;
}

export class HandlerRegistry {
  readonly #sources: ReadonlyMap<string, HandlerSource>;
  readonly #loaded = new Map<string, LoadedHandler>();

  constructor(sources: Iterable<HandlerSource>) {
    const byType = new Map<string, HandlerSource>();
    for (const source of sources) {
      if (byType.has(source.type)) throw new AppError('HANDLER_INVALID', `two handlers are named ${JSON.stringify(source.type)}`);
      byType.set(source.type, source);
    }
    this.#sources = byType;
  }

  get types(): readonly string[] {
    return [...this.#sources.keys()];
  }

  has(type: string): boolean {
    return this.#sources.has(type);
  }

  /** The handler if it is loaded: saves the many jobs after the first one a promise. */
  loaded(type: string): LoadedHandler | undefined {
    return this.#loaded.get(type);
  }

  /** Never rejects: a handler that cannot be loaded is one that always throws, so that the failure is the job's. */
  async load(type: string): Promise<LoadedHandler> {
    const source = this.#sources.get(type);
    if (source === undefined) return { handler: failing(type, new AppError('TYPE_UNKNOWN', `no handler for ${JSON.stringify(type)}`)), timeoutMs: undefined };
    try {
      const handler = await source.load();
      const loaded = { handler, timeoutMs: source.timeoutMs ?? handler.timeoutMs };
      this.#loaded.set(type, loaded);
      return loaded;
    } catch (error) {
      return { handler: failing(type, error), timeoutMs: undefined };
    }
  }
}

function failing(type: string, error: unknown): AnyHandler {
  return { type, run: () => Promise.reject(error instanceof Error ? error : new Error(String(error))) };
}
