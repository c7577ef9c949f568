// Keeps the errors of requests as they were. `items.batch` of @azure/cosmos 4.9.3 throws a new error with the text of the one
// it caught and without its code, so nobody could tell a conflict from a lost connection. A plugin sees the first one.

import { AsyncLocalStorage } from 'node:async_hooks';

import { type PluginConfig, PluginOn } from '@azure/cosmos';

interface Seen {
  error: unknown;
}

const seen = new AsyncLocalStorage<Seen>();

/** For the client's options, whose type does not name the property. */
export const REQUEST_PLUGINS: { readonly plugins: PluginConfig[] } = {
  plugins: [
    {
      on: PluginOn.operation,
      plugin: async (context, _diagnostics, next) => {
        try {
          return await next(context);
        } catch (error) {
          const box = seen.getStore();
          if (box !== undefined) box.error = error;
          throw error;
        }
      },
    },
  ],
};

/** As the call, but what it throws is the request's own error. */
export async function withRequestError<T>(call: () => Promise<T>): Promise<T> {
  const box: Seen = { error: undefined };
  try {
    return await seen.run(box, call);
  } catch (error) {
    throw box.error ?? error;
  }
}
