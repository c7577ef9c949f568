// Text to tree, by recursive descent. The grammar is in ast.ts.

import type { WhereExpression, WhereFieldReference, WhereOperator } from './ast.js';
import { parseFieldReference } from './field-path.js';
import { operatorsOf, WHERE_FIELDS } from './fields.js';
import { isWord, readLiteral, shownToken } from './literal.js';
import { whereError, type WhereFault } from './syntax-error.js';
import { tokenizeWhere, type WhereToken } from './tokenizer.js';

/** In UTF-8. */
export const MAX_WHERE_BYTES = 4096;
/** Parentheses and `not` inside each other. */
export const MAX_WHERE_DEPTH = 64;

/** Any text gives a tree or throws WHERE_INVALID with the column, what was expected and what came. */
export function parseWhere(text: string): WhereExpression {
  if (text.length > MAX_WHERE_BYTES || Buffer.byteLength(text) > MAX_WHERE_BYTES) {
    throw whereError(text, { at: 0, expected: `at most ${MAX_WHERE_BYTES} bytes`, got: `${Buffer.byteLength(text)}` });
  }
  return new WhereParser(text).parse();
}

class WhereParser {
  private readonly tokens: readonly WhereToken[];
  private position = 0;
  private depth = 0;

  constructor(private readonly text: string) {
    this.tokens = tokenizeWhere(text);
  }

  parse(): WhereExpression {
    const expression = this.disjunction();
    if (this.current.kind !== 'end') {
      throw this.fault({ expected: '`and`, `or` or the end', ...this.foreignConnective() });
    }
    return expression;
  }

  private disjunction(): WhereExpression {
    const operands = [this.conjunction()];
    while (this.takeWord('or')) operands.push(this.conjunction());
    const [only] = operands;
    return operands.length === 1 && only !== undefined ? only : { kind: 'or', operands };
  }

  private conjunction(): WhereExpression {
    const operands = [this.negation()];
    while (this.takeWord('and')) operands.push(this.negation());
    const [only] = operands;
    return operands.length === 1 && only !== undefined ? only : { kind: 'and', operands };
  }

  private negation(): WhereExpression {
    if (this.isAt('not')) return this.nested(() => ({ kind: 'not', operand: this.negation() }));
    if (this.current.kind === 'symbol' && this.current.text === '(') {
      return this.nested(() => {
        const inner = this.disjunction();
        this.takeSymbol(')', 'a closing ) or `and`, `or`');
        return inner;
      });
    }
    return this.comparison();
  }

  private comparison(): WhereExpression {
    const field = this.field();
    if (this.isAt('not')) {
      this.take();
      if (!this.isAt('in')) throw this.fault({ expected: '`in` after `not`' });
      return { kind: 'not', operand: this.membership(field) };
    }
    if (this.isAt('in')) return this.membership(field);
    const operator = this.operator(field);
    return { kind: 'compare', field, operator, literal: readLiteral(this.text, this.take(), field, operator) };
  }

  private membership(field: WhereFieldReference): WhereExpression {
    this.take();
    this.takeSymbol('(', 'a ( after `in`');
    const literals = [readLiteral(this.text, this.take(), field, '=')];
    while (this.current.kind === 'symbol' && this.current.text === ',') {
      this.take();
      literals.push(readLiteral(this.text, this.take(), field, '='));
    }
    this.takeSymbol(')', 'a comma or a closing )');
    return { kind: 'in', field, literals };
  }

  private field(): WhereFieldReference {
    const token = this.current;
    if (token.kind !== 'word' || isWord(token, 'and', 'or', 'in')) {
      const hint = token.text === '!' ? { hint: 'write `not`' } : {};
      throw this.fault({ expected: 'a field, `not` or (', ...hint });
    }
    return parseFieldReference(this.text, this.take());
  }

  private operator(field: WhereFieldReference): WhereOperator {
    const allowed = operatorsOf(field.name);
    const operator = allowed.find((candidate) => this.current.kind === 'operator' && candidate === this.current.text);
    if (operator === undefined) {
      const spelling = FOREIGN_OPERATORS[this.current.text];
      const hint = spelling === undefined ? {} : { hint: `write ${spelling}` };
      throw this.fault({ expected: `${allowed.join(' ')} or \`in\` after ${describe(field)}`, ...hint });
    }
    this.take();
    return operator;
  }

  private nested(read: () => WhereExpression): WhereExpression {
    if (this.depth >= MAX_WHERE_DEPTH) {
      throw this.fault({ expected: `at most ${MAX_WHERE_DEPTH} parentheses and \`not\` inside each other` });
    }
    this.depth += 1;
    this.take();
    const expression = read();
    this.depth -= 1;
    return expression;
  }

  private get current(): WhereToken {
    return this.tokens[this.position] ?? { kind: 'end', text: '', value: '', start: this.text.length };
  }

  private take(): WhereToken {
    const token = this.current;
    this.position += 1;
    return token;
  }

  private isAt(keyword: string): boolean {
    return isWord(this.current, keyword);
  }

  private takeWord(keyword: string): boolean {
    const found = this.isAt(keyword);
    if (found) this.position += 1;
    return found;
  }

  private takeSymbol(symbol: string, expected: string): void {
    if (this.current.kind !== 'symbol' || this.current.text !== symbol) throw this.fault({ expected });
    this.position += 1;
  }

  private foreignConnective(): { hint?: string } {
    const text = this.current.text;
    if (text.startsWith('&')) return { hint: 'write `and`' };
    if (text.startsWith('|')) return { hint: 'write `or`' };
    return this.current.kind === 'word' ? { hint: 'quote a value that has spaces' } : {};
  }

  private fault(fault: Omit<WhereFault, 'at' | 'got'>): Error {
    return whereError(this.text, { at: this.current.start, got: shownToken(this.current), ...fault });
  }
}

const FOREIGN_OPERATORS: Readonly<Record<string, string>> = {
  '==': 'one =',
  '=~': '~ alone',
  '!~': '`not` before the field and ~ after it',
  '<>': '!=',
  '!': '!=',
};

function describe({ name }: WhereFieldReference): string {
  return WHERE_FIELDS[name] === 'dynamic' ? `${name}.…` : name;
}
