// Words for what a schema refused: where it is, what was expected, what came.

import type * as z from 'zod/mini';

type SchemaIssue = z.core.$ZodIssue;

/** One sentence per issue, `evaluators[2].threshold: expected at most 1, got 7`. `value` is what was parsed. */
export function describeIssues(issues: readonly SchemaIssue[], value: unknown, prefix: readonly PropertyKey[] = []): string[] {
  return issues.map((issue) => {
    const where = pathText([...prefix, ...issue.path]);
    const text = issue.code === 'unrecognized_keys' ? unknownFields(issue.keys) : `expected ${expected(issue)}, got ${shortValue(valueAt(value, issue.path))}`;
    return where === '' ? text : `${where}: ${text}`;
  });
}

/** `dataset.rows[3].input` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

/** A value as it can stand in a message: short, on one line. */
export function shortValue(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  switch (typeof value) {
    case 'string':
      return value.length > 58 ? `${JSON.stringify(value.slice(0, 57)).slice(0, -1)}…"` : JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? 'null' : 'an object';
    default:
      return 'nothing';
  }
}

function unknownFields(keys: readonly string[]): string {
  return `unknown field${keys.length === 1 ? '' : 's'} ${keys.map((key) => JSON.stringify(key)).join(', ')}`;
}

function expected(issue: SchemaIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeName(issue.expected);
    case 'invalid_value':
      return oneOf(issue.values);
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}${unit(issue.origin)}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${String(issue.maximum)}${unit(issue.origin)}`;
    case 'invalid_union':
      return unionText(issue.errors);
    case 'invalid_format':
    case 'custom':
      return issue.message === 'Invalid input' ? 'another value' : issue.message;
    default:
      return 'another value';
  }
}

function unit(origin: string): string {
  return { string: ' characters', array: ' entries' }[origin] ?? '';
}

function unionText(branches: readonly (readonly SchemaIssue[])[]): string {
  const texts = branches.flatMap((branch) => (branch[0] === undefined ? [] : [expected(branch[0])]));
  return texts.length === 0 ? 'another value' : [...new Set(texts)].join(' or ');
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length === 1 ? texts.join('') : `one of ${texts.join(', ')}`;
}

function typeName(type: string): string {
  const names: Record<string, string> = { array: 'a list', object: 'an object', record: 'an object', int: 'a whole number', boolean: 'true or false' };
  return names[type] ?? `a ${type}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (current, part) => (typeof current === 'object' && current !== null ? Reflect.get(current, part) : undefined),
    value,
  );
}
