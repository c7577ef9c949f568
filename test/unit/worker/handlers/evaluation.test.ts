import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { AppError, PermanentError } from '../../../../src/domain/errors.js';
import type { BlobRef } from '../../../../src/domain/job.js';
import type { Json } from '../../../../src/domain/json.js';
import { readItems } from '../../../../src/evaluation/exports/read-items.js';
import { parseEvaluationPayload } from '../../../../src/evaluation/payload.js';
import type { EvaluationSummary } from '../../../../src/evaluation/summary.js';
import type { CheckpointEntry } from '../../../../src/ports/checkpoints.js';
import { systemClock } from '../../../../src/ports/clock.js';
import type { HandlerContext } from '../../../../src/worker/handler.js';
import { createEvaluationHandler, evaluationHandler } from '../../../../src/worker/handlers/evaluation.js';
import { bytesOf, collect, delimitedText } from '../../../support/dataset-builders.js';

/** What survives a worker's death: the dataset, checkpoints and artifacts. */
class Storage {
  readonly checkpoints = new Map<string, Json>();
  readonly artifacts = new Map<string, string>();
  readonly progress: (readonly [number, number | null])[] = [];
  readonly logged: string[] = [];
  readonly ref: BlobRef;
  readonly #content: Buffer;
  #saves = 0;

  constructor(content: string | Buffer) {
    this.#content = Buffer.from(content);
    this.ref = { key: 'datasets/x', sha256: createHash('sha256').update(this.#content).digest('hex'), bytes: this.#content.length };
  }

  /** A context as an attempt gets it; only what the handler may use works. */
  context(hooks: { signal?: AbortSignal; onSave?: (saves: number) => void; onArtifact?: () => void; onProgress?: (completed: number) => void } = {}): HandlerContext {
    const save = (entries: readonly CheckpointEntry[]): Promise<void> => {
      // As a database would: the values are copies, and a failing save stores nothing.
      hooks.onSave?.((this.#saves += 1));
      for (const { key, value } of entries) this.checkpoints.set(key, structuredClone(value));
      return Promise.resolve();
    };
    const unused = (): never => {
      throw new Error('not used by this handler');
    };
    return {
      get job(): never {
        return unused();
      },
      get children(): never {
        return unused();
      },
      attempt: 1,
      signal: hooks.signal ?? new AbortController().signal,
      log: { debug: unused, info: (text) => void this.logged.push(text), warn: unused, error: unused },
      progress: (completed, total = null) => {
        this.progress.push([completed, total]);
        hooks.onProgress?.(completed);
      },
      checkpoint: {
        get: (key) => Promise.resolve(this.checkpoints.get(key)),
        set: (key, value) => save([{ key, value }]),
        setMany: save,
        entries: (prefix) => this.#entries(prefix),
      },
      artifacts: {
        put: async (name, content) => {
          const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : await collect(content);
          hooks.onArtifact?.();
          const text = pieces.map((piece) => (typeof piece === 'string' ? piece : Buffer.from(piece).toString())).join('');
          this.artifacts.set(name, text);
          return { name, key: name, bytes: Buffer.byteLength(text), contentType: 'x' };
        },
      },
      blobs: {
        read: (ref) => {
          expect(ref).toEqual(this.ref);
          return bytesOf(this.#content, 4096);
        },
      },
    };
  }

  async *#entries(prefix: string): AsyncGenerator<CheckpointEntry> {
    const keys = [...this.checkpoints.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) yield await Promise.resolve({ key, value: structuredClone(this.checkpoints.get(key) ?? null) });
  }
}

async function run(storage: Storage, settings: Record<string, unknown> = {}, context = storage.context()): Promise<EvaluationSummary> {
  const { dataset = {}, ...others } = settings;
  const payload = parseEvaluationPayload({ ...others, dataset: { ref: storage.ref, ...(dataset as object) } });
  const end = await evaluationHandler.run(context, payload);
  return (end as { result: unknown }).result as EvaluationSummary;
}

function manyRows(count: number): string {
  const rows = Array.from({ length: count }, (_, index) => [`q${index}`, `Question ${index}?`, `answer ${index}`, index % 3 === 0 ? 'wrong' : `answer ${index}`]);
  return delimitedText([['id', 'prompt', 'expected', 'output'], ...rows]);
}

describe('the evaluation handler', () => {
  it('scores the demo’s questions and keeps the verdict apart from the outcome of the job', async () => {
    const demo = new URL('../../../../examples/demo/', import.meta.url);
    const settings = JSON.parse(readFileSync(new URL('evaluation.json', demo), 'utf8')) as Record<string, unknown>;
    const results = [];
    for (const version of ['v1', 'v2']) {
      const storage = new Storage(readFileSync(new URL(`support-${version}.jsonl`, demo)));
      const summary = await run(storage, settings);
      results.push([summary.counts.passed, summary.counts.failed, summary.counts.errors, summary.verdict]);
      expect(await collect(readItems(bytesOf(storage.artifacts.get('items.jsonl') ?? '')))).toHaveLength(24);
    }
    expect(results).toEqual([
      [13, 10, 1, 'failed'],
      [19, 5, 0, 'failed'],
    ]);
  });

  it('writes one item a line in file order and reports progress up to the end', async () => {
    const storage = new Storage(manyRows(1234));
    const summary = await run(storage);
    const items = await collect(readItems(bytesOf(storage.artifacts.get('items.jsonl') ?? '', 65_536)));
    expect(items.map((item) => item.itemKey)).toEqual(Array.from({ length: 1234 }, (_, index) => `q${index}`));
    expect(summary.counts).toMatchObject({ items: 1234, passed: 822, failed: 412 });
    expect(summary.provenance).toMatchObject({ datasetSha256: storage.ref.sha256, datasetRows: 1234 });
    expect(storage.progress.at(0)).toEqual([0, 1234]);
    expect(storage.progress.at(-1)).toEqual([1234, 1234]);
  });

  it('takes rows from the payload', async () => {
    const storage = new Storage('');
    const payload = parseEvaluationPayload({ prompt: 'Why?', expected: 'So', answer: 'So' });
    const end = await evaluationHandler.run(storage.context(), payload);
    expect((end as { result: unknown }).result).toMatchObject({ counts: { runs: 1, passed: 1 } });
  });

  it('goes on where a killed worker was, with the same bytes in the end and nothing scored twice', async () => {
    const whole = new Storage(manyRows(2600));
    const expected = await run(whole);
    for (const dieAt of [0, 1, 3, 5]) {
      const storage = new Storage(manyRows(2600));
      const dying = storage.context({
        onSave: (saves) => {
          if (saves === dieAt + 1) throw new Error('killed');
        },
      });
      await expect(run(storage, {}, dying)).rejects.toThrow('killed');
      const saved = scored(storage);
      expect(saved).toHaveLength(dieAt * 500);
      expect(JSON.stringify(await run(storage))).toBe(JSON.stringify(expected));
      expect(storage.artifacts.get('items.jsonl')).toBe(whole.artifacts.get('items.jsonl'));
      expect(scored(storage)).toEqual(Array.from({ length: 2600 }, (_, index) => `q${index}`));
      if (dieAt > 0) expect(storage.logged).toEqual([`${dieAt * 500} of 2600 rows were scored by an earlier attempt; going on from there`]);
    }
  });

  it('repeats only the last part when it dies while writing the items', async () => {
    const storage = new Storage(manyRows(700));
    const dying = storage.context({
      onArtifact: () => {
        throw new Error('killed');
      },
    });
    await expect(run(storage, {}, dying)).rejects.toThrow('killed');
    const before = JSON.stringify([...storage.checkpoints]);
    expect((await run(storage)).counts.runs).toBe(700);
    expect(JSON.stringify([...storage.checkpoints])).toBe(before);
  });

  it('does not take over scores of another payload', async () => {
    const storage = new Storage(manyRows(600));
    await run(storage);
    const strict = await run(storage, { evaluators: [{ type: 'contains', options: { value: 'nowhere' } }] });
    expect(strict.counts.passed).toBe(0);
    expect((await run(storage, { dataset: { limit: 10 } })).counts.runs).toBe(10);
  });

  it('stops soon after its signal, keeping what it has scored', async () => {
    const storage = new Storage(manyRows(5000));
    const controller = new AbortController();
    const reason = new Error('drained');
    const stopping = storage.context({
      signal: controller.signal,
      onProgress: (completed) => {
        if (completed === 750) controller.abort(reason);
      },
    });
    await expect(run(storage, {}, stopping)).rejects.toBe(reason);
    expect(scored(storage)).toHaveLength(750);
    expect((await run(storage)).counts).toMatchObject({ runs: 5000 });
  });

  it('gives the event loop a turn every 50 ms of its clock', async () => {
    const rows = Array.from({ length: 900 }, (_, index) => ({ prompt: `Question ${index}?`, expected: 'x', answer: 'x' }));
    const turnsWith = async (msPerLook: number): Promise<number> => {
      let now = 0;
      const clock = { ...systemClock, monotonic: () => (now += msPerLook) };
      let turns = 0;
      let running = true;
      const count = (): void => {
        turns += 1;
        if (running) setImmediate(count);
      };
      setImmediate(count);
      await createEvaluationHandler(clock).run(new Storage('').context(), parseEvaluationPayload({ dataset: { rows } }));
      running = false;
      return turns;
    };
    // Rows from the payload need no I/O: without breathing spells the whole run is one turn of the event loop.
    expect(await turnsWith(0)).toBeLessThan(20);
    expect(await turnsWith(60)).toBeGreaterThan(900);
  });

  it('refuses a broken dataset before it scores anything', async () => {
    const storage = new Storage(`${manyRows(900)}x,"open\n`);
    await expect(run(storage)).rejects.toMatchObject({ code: 'DATASET_INVALID', message: expect.stringContaining('row 901 (line 902)') as string });
    expect(storage.checkpoints.size).toBe(0);
    expect(storage.artifacts.size).toBe(0);
  });

  it('refuses a dataset in which nothing was recorded', async () => {
    const storage = new Storage('prompt,expected,Actual Output\na,b,\nc,d,\n');
    await expect(run(storage)).rejects.toMatchObject({ code: 'DATASET_INVALID', message: 'no row has a recorded answer' });
  });

  it('fails for good when no row could be judged', async () => {
    const storage = new Storage('prompt,output\na,b\nc,d\n');
    await expect(run(storage)).rejects.toThrow(PermanentError);
    await expect(run(storage)).rejects.toThrow('none of 2 rows could be judged; the first: match: the row has no expected answer');
  });

  it('refuses a schema that does not compile, for good', async () => {
    const storage = new Storage(manyRows(1));
    const evaluators = [{ type: 'json-schema', options: { schema: { type: 'nonsense' } } }];
    await expect(run(storage, { evaluators })).rejects.toThrow(AppError);
    await expect(run(storage, { evaluators })).rejects.toMatchObject({ code: 'PAYLOAD_INVALID', message: expect.stringContaining('evaluator json-schema, options.schema') as string });
  });

  it('evaluates a selection', async () => {
    const storage = new Storage(manyRows(100));
    const summary = await run(storage, { dataset: { sample: { n: 20, seed: 3 } } });
    expect(summary.counts.runs).toBe(20);
    expect(summary.provenance.datasetRows).toBe(100);
  });
});

function scored(storage: Storage): string[] {
  const batches = [...storage.checkpoints].filter(([, value]) => Array.isArray(value)).sort(([a], [b]) => (a < b ? -1 : 1));
  return batches.flatMap(([, batch]) => (batch as unknown as readonly { itemKey: string }[]).map((entry) => entry.itemKey));
}
