// How one setting is read: from the text of an environment variable and from the JSON of config.json.

/** Reads values of one kind. Both readers return undefined for what is not acceptable. */
export interface ValueKind<T> {
  /** Completes the sentence "must be …". */
  readonly expects: string;
  /** All there are, where there are only these. */
  readonly words?: readonly string[];
  fromText(text: string): T | undefined;
  fromJson(value: unknown): T | undefined;
}

export function wholeNumber(min: number, max: number): ValueKind<number> {
  const accept = (value: number): number | undefined =>
    Number.isInteger(value) && value >= min && value <= max ? value : undefined;
  return {
    expects: `a whole number from ${min} to ${max}`,
    fromText: (text) => (/^\d+$/.test(text.trim()) ? accept(Number(text)) : undefined),
    fromJson: (value) => (typeof value === 'number' ? accept(value) : undefined),
  };
}

export function anyNumber(min: number, max: number): ValueKind<number> {
  const accept = (value: number): number | undefined => (value >= min && value <= max ? value : undefined);
  return {
    expects: `a number from ${min} to ${max}`,
    fromText: (text) => (/^\d+(\.\d+)?$/.test(text.trim()) ? accept(Number(text)) : undefined),
    fromJson: (value) => (typeof value === 'number' ? accept(value) : undefined),
  };
}

export function yesOrNo(): ValueKind<boolean> {
  const words: Readonly<Record<string, boolean>> = { true: true, 1: true, yes: true, on: true, false: false, 0: false, no: false, off: false };
  return {
    expects: 'true or false',
    fromText: (text) => words[text.trim().toLowerCase()],
    fromJson: (value) => (typeof value === 'boolean' ? value : undefined),
  };
}

/** `true` in any case is true, any other text false: how the systems read this flag that had it first. */
export function trueWord(): ValueKind<boolean> {
  return {
    expects: 'true or false',
    fromText: (text) => text.trim().toLowerCase() === 'true',
    fromJson: (value) => (typeof value === 'boolean' ? value : undefined),
  };
}

export function text(expects: string, pattern: RegExp): ValueKind<string> {
  const accept = (value: string): string | undefined => (pattern.test(value) ? value : undefined);
  return { expects, fromText: accept, fromJson: (value) => (typeof value === 'string' ? accept(value) : undefined) };
}

export function oneWordOf<const T extends string>(words: readonly T[]): ValueKind<T> {
  const accept = (value: unknown): T | undefined => words.find((word) => word === value);
  return { expects: words.join(', '), words, fromText: (value) => accept(value.trim().toLowerCase()), fromJson: accept };
}

/** An absolute http or https address, kept without a slash at its end. What may hide a secret in it is refused: addresses are shown. */
export function webAddress(): ValueKind<string> {
  const accept = (value: string): string | undefined => {
    if (!URL.canParse(value)) return undefined;
    const { protocol, username, password, search, hash, href } = new URL(value);
    if (protocol !== 'http:' && protocol !== 'https:') return undefined;
    return `${username}${password}${search}${hash}` === '' ? href.replace(/\/$/, '') : undefined;
  };
  return {
    expects: 'an address that begins with http:// or https://, without user, password, question mark or #',
    fromText: accept,
    fromJson: (value) => (typeof value === 'string' ? accept(value) : undefined),
  };
}

/** In an environment variable the items stand between commas. */
export function listOf(item: string, pattern: RegExp): ValueKind<readonly string[]> {
  const accept = (values: readonly unknown[]): readonly string[] | undefined =>
    values.every((value): value is string => typeof value === 'string' && pattern.test(value)) ? values : undefined;
  return {
    expects: `a list of ${item}`,
    fromText: (value) => accept(value.split(',').map((part) => part.trim()).filter((part) => part !== '')),
    fromJson: (value) => (Array.isArray(value) ? accept(value) : undefined),
  };
}

type Fields = Readonly<Record<string, ValueKind<unknown>>>;
type FieldValues<F extends Fields> = { readonly [K in keyof F]?: F[K] extends ValueKind<infer T> ? T : never };

/** An object of named records, as `queues:` is. All fields are optional unless `required` names them. */
export function recordsOf<F extends Fields, R extends keyof F & string = never>(
  name: RegExp,
  fields: F,
  required: readonly R[] = [],
): ValueKind<Readonly<Record<string, FieldValues<F> & Required<Pick<FieldValues<F>, R>>>>> {
  type Entry = FieldValues<F> & Required<Pick<FieldValues<F>, R>>;
  const acceptEntry = (value: unknown): Entry | undefined => {
    if (!isObject(value) || !required.every((field) => field in value)) return undefined;
    const read = Object.entries(value).map(([field, raw]) => [field, fields[field]?.fromJson(raw)] as const);
    // Each field was read by its own kind above, so the record has the type that the fields say.
    return read.every(([, item]) => item !== undefined) ? (Object.fromEntries(read) as Entry) : undefined;
  };
  const accept = (value: unknown): Readonly<Record<string, Entry>> | undefined => {
    if (!isObject(value)) return undefined;
    const entries: [string, Entry][] = [];
    for (const [key, raw] of Object.entries(value)) {
      const entry = acceptEntry(raw);
      if (!name.test(key) || entry === undefined) return undefined;
      entries.push([key, entry]);
    }
    return Object.fromEntries(entries);
  };
  const fieldTexts = Object.entries(fields).map(([field, kind]) => `${field} (${kind.expects})`);
  return {
    expects: `an object of names with: ${fieldTexts.join('; ')}${required.length > 0 ? `; ${required.join(', ')} must be there` : ''}`,
    fromText: (value) => accept(parsedJson(value)),
    fromJson: accept,
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
