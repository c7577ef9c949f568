import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { operatorsOf, WHERE_FIELDS, type WhereFieldName } from '../../../../src/domain/where/fields.js';
import { parseWhere } from '../../../../src/domain/where/parser.js';

const page = readFileSync(new URL('../../../../docs/where.md', import.meta.url), 'utf8');
const examples = /```where\n([\s\S]*?)```/.exec(page)?.[1]?.trim().split('\n') ?? [];

describe('docs/where.md', () => {
  test.each(examples)('has an example that can be read: %s', (example) => {
    expect(parseWhere(example)).toBeDefined();
  });

  test.each(Object.keys(WHERE_FIELDS) as WhereFieldName[])('says of %s which operators it has', (field) => {
    const row = page.split('\n').find((line) => line.startsWith('|') && line.split('|')[1]?.includes(`\`${field}`));
    const told = row?.split('|').at(-2)?.replaceAll('`', '').trim() ?? '';
    const allowed = [...operatorsOf(field), 'in'];
    expect(told === 'all' ? ['=', '!=', '<', '<=', '>', '>=', '~', 'in'] : told.split(' ')).toEqual(expect.arrayContaining(allowed));
    if (told !== 'all') expect(told.split(' ')).toHaveLength(allowed.length);
  });
});
