import { describe, expect, it } from 'vitest';
import { MAX_WHERE_BYTES, MAX_WHERE_DEPTH, parseWhere } from '../../../../src/domain/where/parser.js';
import { printWhere } from '../../../../src/domain/where/print.js';

/** What the text means, in the one spelling that printWhere has for it. */
const reading = (text: string) => printWhere(parseWhere(text));

describe('parseWhere', () => {
  it.each([
    ['status = failed', 'status=Failed'],
    ['STATUS="DEADLETTERED"', 'status=DeadLettered'],
    ['Priority>=HIGH', 'priority>=high'],
    ['type=bulk_evaluation', 'type=evaluation'],
    ['type in (echo,batch_processing)', 'type in (echo, batch)'],
    ['age>90m', 'age>1h30m'],
    ['age <= "2d"', 'age<=2d'],
    ['age>0', 'age>0ms'],
    ['attempt!=03', 'attempt!=03'],
    ['user=007', 'user="007"'],
    ['user=null', 'user=null'],
    ['user="null"', 'user="null"'],
    ['label.zip=00501', 'label.zip=00501'],
    ["label.zip='00501'", 'label.zip="00501"'],
    ['label.example.com/team=a', 'label.example.com/team=a'],
    ['label."a.b"=c', 'label.a.b=c'],
    ['payload.ok=TRUE', 'payload.ok=true'],
    ['payload.at<2026-08-04T10:00:00Z', 'payload.at<2026-08-04T10:00:00Z'],
    ['payload.items[0].name=x', 'payload.items[0].name=x'],
    ['payload.items.0["a b"].\'c\'=x', 'payload.items[0]."a b".c=x'],
    ['payload."a.b"=x', 'payload."a.b"=x'],
    ['error~timeout*', 'error~timeout*'],
    ['error ~ "50? from *"', 'error~"50? from *"'],
    ['user=ada@example.com', 'user=ada@example.com'],
    ['user="it\'s \\"so\\" \\u0041\\n"', 'user="it\'s \\"so\\" A\\n"'],
    ['not (status in (failed, CANCELLED, null))', 'not status in (Failed, Cancelled, null)'],
    ['type not in (echo)', 'not type in (echo)'],
    ['((age>1h))', 'age>1h'],
    ['type=\u001b[31m\u009b', 'type="\\u001b[31m\\u009b"'],
    [' age>1h\n and\tattempt=2 ', 'age>1h and attempt=2'],
  ])('reads %s as %s', (text, printed) => {
    expect(reading(text)).toBe(printed);
    expect(reading(printed)).toBe(printed);
  });

  it('binds not before and before or, from left to right', () => {
    expect(parseWhere('not age>1h and attempt=1 or user=a AND user=b')).toEqual(parseWhere('((not (age>1h)) and attempt=1) or (user=a and user=b)'));
    expect(parseWhere('user=a and user=b and user=c')).toMatchObject({ kind: 'and', operands: [{}, {}, {}] });
    expect(reading('(user=a or user=b) and not (user=c and user=d)')).toBe('(user=a or user=b) and not (user=c and user=d)');
  });

  it.each([
    ['', 1, 'a field, `not` or (', 'the end', undefined],
    ['status', 7, '= != ~ or `in` after status', 'the end', undefined],
    ['status =', 9, 'a value after status', 'the end', undefined],
    ['status = faild', 10, 'a status', '"faild"', /^did you mean `Failed`\? one of Queued, /],
    ['status < failed', 8, '= != ~ or `in` after status', '"<"', undefined],
    ['priority = hihg', 12, 'a priority', '"hihg"', /^did you mean `high`\? one of low, normal, high, urgent$/],
    ['statsu=failed', 1, 'a field', '"statsu"', /^did you mean `status`\? fields are status, type, .*label\.x, payload\.x, result\.x$/],
    ['bananas=1', 1, 'a field', '"bananas"', /^fields are /],
    ['😀😀 = 1', 1, 'a field', '"😀😀"', /^fields are /],
    ['user="😀" and x=1', 14, 'a field', '"x"', /^fields are /],
    ['__proto__=1', 1, 'a field', '"__proto__"', /^fields are /],
    ['.a=1', 1, 'a field', '".a"', /^fields are /],
    ['status.code=1', 7, 'nothing after the field status', '".code"', undefined],
    ['payload=1', 8, 'a key, such as payload.x', 'only the name', /payload\.<key>/],
    ['label=1', 6, 'a key, such as label.x', 'only the name', /label\.<key>/],
    ['payload.=1', 8, 'a key or an index, such as .name or [0]', '"."', undefined],
    ['payload.a[x]=1', 10, 'a key or an index, such as .name or [0]', '"[x]"', undefined],
    ['label.a."b"=1', 6, 'one key of a label', '".a.\\"b\\""', /quote the whole key/],
    ['age>5', 5, 'a duration such as 30s, 5m, 2h or 1d', '"5"', /^add a unit: `5m` is minutes$/],
    ['age~5m', 4, '= != < <= > >= or `in` after age', '"~"', undefined],
    ['attempt=two', 9, 'a number', '"two"', undefined],
    ['payload.a > null', 13, 'a value after >', '"null"', /null goes with = and != only/],
    ['payload.a ~ null', 13, 'a value after ~', '"null"', /null goes with = and != only/],
    ['payload.a > true', 13, 'a number or a text after >', '"true"', undefined],
    ['type=and', 6, 'a value after type', '"and"', /^quote it to mean the word: `"and"`$/],
    ['type=a."b"', 6, 'a value after type', '"a.\\"b\\""', /quote the whole value/],
    ['type == echo', 6, '= != ~ or `in` after type', '"=="', /^write one =$/],
    ['type <> echo', 6, '= != ~ or `in` after type', '"<>"', /^write !=$/],
    ['error !~ x', 7, '= != ~ or `in` after error', '"!~"', /^write `not`/],
    ['error =~ x', 7, '= != ~ or `in` after error', '"=~"', /^write ~ alone$/],
    ['!type=echo', 1, 'a field, `not` or (', '"!"', /^write `not`$/],
    ['type=a && type=b', 8, '`and`, `or` or the end', '"&&"', /^write `and`$/],
    ['type=a || type=b', 8, '`and`, `or` or the end', '"||"', /^write `or`$/],
    ['error~not found', 7, 'a value after error', '"not"', /^quote it/],
    ['user=ada lovelace', 10, '`and`, `or` or the end', '"lovelace"', /^quote a value that has spaces$/],
    ['type=a or', 10, 'a field, `not` or (', 'the end', undefined],
    ['and type=a', 1, 'a field, `not` or (', '"and"', undefined],
    ['(type=a', 8, 'a closing ) or `and`, `or`', 'the end', undefined],
    ['type=a)', 7, '`and`, `or` or the end', '")"', undefined],
    ['type in ()', 10, 'a value after type', '")"', undefined],
    ['type in (a b)', 12, 'a comma or a closing )', '"b"', undefined],
    ['type in a', 9, 'a ( after `in`', '"a"', undefined],
    ['type not a', 10, '`in` after `not`', '"a"', undefined],
    ['"type"=a', 1, 'a field, `not` or (', '"\\"type\\""', undefined],
    ['type="a', 6, 'a closing "', 'the end', /the other kind/],
    ['type="C:\\data"', 9, 'one of the escapes \\\\ \\" \\\' \\n \\r \\t \\u0000', '"\\\\d"', /^write a backslash twice$/],
  ])('refuses %j at column %d', (text, column, expected, got, hint) => {
    expect(() => parseWhere(text)).toThrowError(
      expect.objectContaining({
        code: 'WHERE_INVALID',
        message: `where expression, column ${column}: expected ${expected}, got ${got}`,
        hint: hint === undefined ? undefined : expect.stringMatching(hint),
        details: expect.objectContaining({ column }),
      }),
    );
  });

  it('gives two lines that show the place', () => {
    expect(() => parseWhere('type=a and\tstatus=faild')).toThrowError(
      expect.objectContaining({
        details: { column: 19, excerpt: 'type=a and status=faild', pointer: `${' '.repeat(18)}^` },
      }),
    );
  });

  it('refuses what is too long or too deep, and reads what just fits', () => {
    const open = '('.repeat(MAX_WHERE_DEPTH);
    expect(reading(`${open}age>1h${')'.repeat(MAX_WHERE_DEPTH)}`)).toBe('age>1h');
    expect(() => parseWhere(`(${open}age>1h${')'.repeat(MAX_WHERE_DEPTH + 1)}`)).toThrowError(/column 65: expected at most 64 parentheses/);
    expect(() => parseWhere(`${'not '.repeat(65)}age>1h`)).toThrowError(/expected at most 64 parentheses/);

    const value = 'x'.repeat(MAX_WHERE_BYTES - 'user='.length);
    expect(parseWhere(`user=${value}`)).toMatchObject({ literal: { value } });
    expect(() => parseWhere(`user=${value}x`)).toThrowError(/expected at most 4096 bytes, got 4097/);
    expect(() => parseWhere(`user=${'é'.repeat(2_046)}`)).toThrowError(/expected at most 4096 bytes, got 4097/);
  });
});
