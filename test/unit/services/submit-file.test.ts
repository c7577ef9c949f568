import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/domain/json.js';
import { attachFile, type AttachFile } from '../../../src/services/submit-file.js';
import { openServices, type TestServices } from '../../support/open-services.js';

const csv = 'id,prompt,expected,answer\n1,Where?,Here,Here\n2,When?,Now,Later\n';

describe('a dataset of an evaluation', () => {
  test('is checked, stored, and named in the payload beside its other settings', async () => {
    const services = await openServices();
    const payload = { name: 'nightly', dataset: { limit: 1 }, evaluators: [{ type: 'exact' }] };
    const { payload: joined, rows } = await attach(services, csv, { payload });
    expect(rows).toBe(2);
    expect(joined).toMatchObject({ name: 'nightly', dataset: { limit: 1, fileName: 'answers.csv', format: 'csv', ref: { bytes: csv.length } } });
    const [key] = await keys(services);
    expect((joined as { dataset: { ref: { key: string } } }).dataset.ref.key).toBe(key);
  });

  test('is stored once, however often it is submitted', async () => {
    const services = await openServices();
    await attach(services, csv);
    await attach(services, csv, { payload: { name: 'again' } });
    expect(await keys(services)).toHaveLength(1);
  });

  test('is not stored by a dry run', async () => {
    const services = await openServices();
    expect((await attach(services, csv, { dryRun: true })).rows).toBe(2);
    expect(await keys(services)).toEqual([]);
  });

  test.each<[what: string, text: string, payload: Json, code: string, message: RegExp]>([
    ['a broken row, by its number', `${csv}3,"Why?\n`, {}, 'DATASET_INVALID', /row 3/],
    ['no recorded answer at all', 'prompt,expected,answer\nWhere?,Here,\n', {}, 'DATASET_INVALID', /answer/],
    ['a mistake in the payload', csv, { evaluators: [{ type: 'exat' }] }, 'PAYLOAD_INVALID', /exat/],
    ['data in the payload too', csv, { dataset: { rows: [{ prompt: 'a' }] } }, 'PAYLOAD_INVALID', /rows/],
    ['a payload that is no object', csv, [1], 'PAYLOAD_INVALID', /object/],
    ['an empty file', '', {}, 'DATASET_INVALID', /rows|empty|header/],
  ])('is refused with %s before anything is stored', async (_what, text, payload, code, message) => {
    const services = await openServices();
    await expect(attach(services, text, { payload })).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(await keys(services)).toEqual([]);
  });

  test('is refused by its size without being read', async () => {
    const services = await openServices();
    const open = (): AsyncIterable<Uint8Array> => expect.fail('it was read');
    await expect(attach(services, csv, { bytes: 300 * 1024 * 1024, open })).rejects.toMatchObject({ code: 'DATASET_TOO_LARGE' });
  });

  test('is refused when it changes between the check and the copy', async () => {
    const services = await openServices();
    let reads = 0;
    const open = (): AsyncIterable<Uint8Array> => bytes((reads += 1) === 1 ? csv : `${csv}3,Why?,So,So\n`);
    await expect(attach(services, csv, { open })).rejects.toMatchObject({ code: 'INPUT_INVALID', message: 'answers.csv changed while it was read' });
  });
});

describe('a file of another type', () => {
  test('is stored as it is', async () => {
    const services = await openServices();
    const { payload, rows } = await attach(services, '{"type":"echo"}\n', { type: { type: 'batch' }, fileName: 'jobs.jsonl', payload: { allowPartial: true } });
    expect(rows).toBeNull();
    expect(payload).toMatchObject({ allowPartial: true, file: { fileName: 'jobs.jsonl', bytes: 16 } });
    expect(await keys(services)).toEqual([(payload as { file: { key: string } }).file.key]);
  });

  test('is refused beside a payload that names one', async () => {
    const services = await openServices();
    await expect(attach(services, 'x', { type: { type: 'batch' }, payload: { file: 1 } })).rejects.toMatchObject({ code: 'PAYLOAD_INVALID' });
  });
});

function attach(services: TestServices, text: string, change: Partial<AttachFile> = {}) {
  return attachFile(services, {
    type: { type: 'evaluation' },
    payload: {},
    fileName: 'answers.csv',
    bytes: Buffer.byteLength(text),
    open: () => bytes(text),
    dryRun: false,
    ...change,
  });
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function keys(services: TestServices): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of services.blobs.list('')) found.push(key);
  return found;
}
