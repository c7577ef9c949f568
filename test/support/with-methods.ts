// An object with some methods replaced: for making one call of a port fail, wait or be counted.

/** `methods` may call the original through `target`. */
export function withMethods<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get: (original, name) => {
      if (name in methods) return Reflect.get(methods, name) as unknown;
      const member: unknown = Reflect.get(original, name, original);
      // Classes with private fields know only themselves as `this`.
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(original) : member;
    },
  });
}
