import { expect, test } from 'vitest';

import { AppError } from '../../../../src/domain/errors.js';
import { checkBatchFile } from '../../../../src/worker/handlers/batch/check-batch-file.js';

test('a file of known types passes, blank lines and a byte order mark included', async () => {
  const asked: string[] = [];
  await checkBatchFile(bytes('\uFEFF{"type":"echo"}\n\n{"type":"echo","key":"a"}\r\n{"type":"sleep","payload":{"ms":1}}'), (type) => {
    asked.push(type);
    return Promise.resolve();
  });
  expect(asked).toEqual(['echo', 'sleep']);
});

test.each([
  ['{"type":"echo"}\n{bad', 'PAYLOAD_INVALID', /^line 2: /],
  ['{"type":"echo","colour":"red"}', 'PAYLOAD_INVALID', /^line 1: .*colour/],
  ['{"type":"echo"}\n\n{"type":"ecko"}', 'TYPE_UNKNOWN', /^line 3: /],
  ['\n\n', 'PAYLOAD_INVALID', /no jobs/],
])('%j is refused with its line', async (text, code, message) => {
  const check = checkBatchFile(bytes(text), (type) =>
    type === 'echo' ? Promise.resolve() : Promise.reject(new AppError('TYPE_UNKNOWN', `no job type is named ${type}`)),
  );
  await expect(check).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
});

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Promise.resolve(Buffer.from(text));
}
