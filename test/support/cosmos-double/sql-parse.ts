// Reads the part of the Cosmos query language that the driver uses; anything else is refused, so that no query goes
// unnoticed that nobody has thought about.

export type Expression =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'parameter'; readonly name: string }
  /** `c.a.b["x"]`; the first part is the alias. */
  | { readonly kind: 'path'; readonly parts: readonly string[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'in'; readonly needle: Expression; readonly list: readonly Expression[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] };

export interface Aggregate {
  readonly kind: 'aggregate';
  readonly name: 'count' | 'min';
  readonly of: Expression;
}

export interface Selected {
  readonly name: string;
  readonly expression: Expression | Aggregate;
}

export interface Query {
  /** `all`: SELECT * · `value`: SELECT VALUE x · else the named columns. */
  readonly select: 'all' | { readonly value: Selected['expression'] } | readonly Selected[];
  readonly alias: string;
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  readonly orderBy: readonly { readonly path: readonly string[]; readonly descending: boolean }[];
  readonly top: number | undefined;
}

export class QueryRefused extends Error {}

const FUNCTIONS = new Set(['STARTSWITH', 'ENDSWITH', 'CONTAINS', 'IS_DEFINED', 'IS_NULL', 'ARRAY_CONTAINS', 'LOWER', 'REGEXMATCH', 'IS_NUMBER', 'IS_STRING']);

const RESERVED = new Set(
  'AND ARRAY AS ASC BETWEEN BY CASE CAST CONVERT CROSS DESC DISTINCT ELSE END ESCAPE EXISTS FALSE FOR FROM GROUP HAVING IN INNER INSERT INTO IS JOIN LEFT LIKE LIMIT NOT NULL OFFSET ON OR ORDER OUTER OVER RIGHT SELECT SET THEN TOP TRUE UDF UNDEFINED UPDATE VALUE WHEN WHERE WITH'.split(' '),
);

type Token = { readonly kind: 'word' | 'sign' | 'number' | 'string' | 'parameter'; readonly text: string };

export function parseQuery(text: string): Query {
  const reader = new TokenReader(tokensOf(text), text);
  const query = readQuery(reader);
  reader.end();
  return query;
}

/** The condition of a patch: `from c where …`. */
export function parseCondition(text: string): { alias: string; where: Expression } {
  const reader = new TokenReader(tokensOf(text), text);
  reader.word('FROM');
  const alias = reader.name();
  reader.word('WHERE');
  const where = readOr(reader);
  reader.end();
  return { alias, where };
}

function readQuery(reader: TokenReader): Query {
  reader.word('SELECT');
  const top = reader.tryWord('TOP') ? Number(reader.take('number')) : undefined;
  const select = readSelect(reader);
  reader.word('FROM');
  const alias = reader.name();
  const where = reader.tryWord('WHERE') ? readOr(reader) : undefined;
  const groupBy: Expression[] = [];
  if (reader.tryWord('GROUP')) {
    reader.word('BY');
    do groupBy.push(readPath(reader));
    while (reader.trySign(','));
  }
  const orderBy: { path: readonly string[]; descending: boolean }[] = [];
  if (reader.tryWord('ORDER')) {
    reader.word('BY');
    do {
      const path = readPath(reader);
      if (path.kind !== 'path') throw new QueryRefused('ORDER BY takes properties');
      orderBy.push({ path: path.parts, descending: reader.tryWord('DESC') || (reader.tryWord('ASC'), false) });
    } while (reader.trySign(','));
  }
  return { select, alias, where, groupBy, orderBy, top };
}

function readSelect(reader: TokenReader): Query['select'] {
  if (reader.trySign('*')) return 'all';
  if (reader.tryWord('VALUE')) return { value: readSelected(reader) };
  const selected: Selected[] = [];
  do {
    const expression = readSelected(reader);
    const fallback = expression.kind === 'path' ? expression.parts.at(-1) : undefined;
    const name = reader.tryWord('AS') ? reader.name() : fallback;
    if (name === undefined) throw new QueryRefused('a selected expression needs a name');
    selected.push({ name, expression });
  } while (reader.trySign(','));
  return selected;
}

function readSelected(reader: TokenReader): Selected['expression'] {
  for (const name of ['count', 'min'] as const) {
    if (!reader.tryCall(name.toUpperCase())) continue;
    const of = readOr(reader);
    reader.sign(')');
    return { kind: 'aggregate', name, of };
  }
  return readOr(reader);
}

function readOr(reader: TokenReader): Expression {
  let left = readAnd(reader);
  while (reader.tryWord('OR')) left = { kind: 'or', left, right: readAnd(reader) };
  return left;
}

function readAnd(reader: TokenReader): Expression {
  let left = readNot(reader);
  while (reader.tryWord('AND')) left = { kind: 'and', left, right: readNot(reader) };
  return left;
}

function readNot(reader: TokenReader): Expression {
  return reader.tryWord('NOT') ? { kind: 'not', of: readNot(reader) } : readComparison(reader);
}

function readComparison(reader: TokenReader): Expression {
  const left = readOperand(reader);
  if (reader.tryWord('IN')) {
    reader.sign('(');
    const list: Expression[] = [];
    do list.push(readOperand(reader));
    while (reader.trySign(','));
    reader.sign(')');
    return { kind: 'in', needle: left, list };
  }
  for (const operator of ['!=', '<=', '>=', '=', '<', '>']) {
    if (reader.trySign(operator)) return { kind: 'compare', operator, left, right: readOperand(reader) };
  }
  return left;
}

function readOperand(reader: TokenReader): Expression {
  if (reader.trySign('(')) {
    const inner = readOr(reader);
    reader.sign(')');
    return inner;
  }
  const name = reader.tryTake('parameter');
  if (name !== undefined) return { kind: 'parameter', name };
  const number = reader.tryTake('number');
  if (number !== undefined) return { kind: 'value', value: Number(number) };
  const string = reader.tryTake('string');
  if (string !== undefined) return { kind: 'value', value: string };
  for (const [word, value] of [['true', true], ['false', false], ['null', null]] as const) {
    if (reader.tryWord(word)) return { kind: 'value', value };
  }
  for (const call of FUNCTIONS) if (reader.tryCall(call)) return readCall(reader, call);
  return readPath(reader);
}

function readCall(reader: TokenReader, name: string): Expression {
  const args: Expression[] = [];
  do args.push(readOr(reader));
  while (reader.trySign(','));
  reader.sign(')');
  return { kind: 'call', name, args };
}

function readPath(reader: TokenReader): Expression {
  const parts = [reader.name()];
  for (;;) {
    if (reader.trySign('.')) parts.push(reader.property());
    else if (reader.trySign('[')) {
      parts.push(reader.take('string'));
      reader.sign(']');
    } else return { kind: 'path', parts };
  }
}

class TokenReader {
  #at = 0;
  constructor(
    readonly tokens: readonly Token[],
    readonly text: string,
  ) {}

  tryWord(word: string): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word.toUpperCase()) return false;
    this.#at += 1;
    return true;
  }

  word(word: string): void {
    if (!this.tryWord(word)) throw this.#refused(word);
  }

  trySign(sign: string): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }

  sign(sign: string): void {
    if (!this.trySign(sign)) throw this.#refused(sign);
  }

  tryCall(name: string): boolean {
    const next = this.tokens[this.#at + 1];
    if (next?.kind !== 'sign' || next.text !== '(' || !this.tryWord(name)) return false;
    this.sign('(');
    return true;
  }

  tryTake(kind: Token['kind']): string | undefined {
    const token = this.tokens[this.#at];
    if (token?.kind !== kind) return undefined;
    this.#at += 1;
    return token.text;
  }

  take(kind: Token['kind']): string {
    const text = this.tryTake(kind);
    if (text === undefined) throw this.#refused(`a ${kind}`);
    return text;
  }

  name(): string {
    return this.take('word');
  }

  /** After a dot. Words of the language need brackets there. */
  property(): string {
    const name = this.name();
    if (RESERVED.has(name.toUpperCase())) throw new QueryRefused(`syntax error near ${name} in: ${this.text}`);
    return name;
  }

  end(): void {
    if (this.#at < this.tokens.length) throw this.#refused('the end');
  }

  #refused(expected: string): QueryRefused {
    return new QueryRefused(`expected ${expected} at ${JSON.stringify(this.tokens[this.#at]?.text ?? 'the end')} in: ${this.text}`);
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s+|(?<parameter>@\w+)|(?<number>-?\d+(?:\.\d+)?)|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<word>[A-Za-z_]\w*)|(?<sign>!=|<=|>=|[=<>()[\],.*])/gy;
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw new QueryRefused(`cannot read ${JSON.stringify(text.slice(from, from + 20))} in: ${text}`);
    const groups = match.groups ?? {};
    for (const kind of ['parameter', 'number', 'string', 'word', 'sign'] as const) {
      const found = groups[kind];
      if (found !== undefined) tokens.push({ kind, text: kind === 'string' ? unquoted(found) : found });
    }
  }
  return tokens;
}

function unquoted(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : (JSON.parse(`"${text.slice(1, -1).replaceAll('"', '\\"')}"`) as string);
}
