// The Prometheus text, and the HTTP server that gives it out.

import { describe, expect, test } from 'vitest';

import { startHealthServer } from '../../../src/worker/health-server.js';
import { WorkerMetrics } from '../../../src/worker/worker-metrics.js';
import { echoHandler } from '../../../src/worker/handlers/echo.js';
import { World } from '../../support/worker-world.js';

const GAUGES = { running: 2, slots: 4, draining: false };

describe('the text', () => {
  test('counts deliveries by type and outcome, and durations in cumulative buckets', () => {
    const metrics = new WorkerMetrics();
    metrics.count({ jobType: 'echo', outcome: 'succeeded', durationMs: 3 });
    metrics.count({ jobType: 'echo', outcome: 'succeeded', durationMs: 30 });
    metrics.count({ jobType: 'echo', outcome: 'retried', durationMs: 4_000_000 });
    metrics.count({ jobType: 'sleep', outcome: 'lost' });
    const lines = metrics.text(GAUGES).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE messages_processed_total counter',
        'messages_processed_total{type="echo",outcome="succeeded"} 2',
        'messages_processed_total{type="echo",outcome="retried"} 1',
        'messages_processed_total{type="sleep",outcome="lost"} 1',
        '# TYPE processing_duration_seconds histogram',
        'processing_duration_seconds_bucket{type="echo",le="0.005"} 1',
        'processing_duration_seconds_bucket{type="echo",le="0.025"} 1',
        'processing_duration_seconds_bucket{type="echo",le="0.05"} 2',
        'processing_duration_seconds_bucket{type="echo",le="3600"} 2',
        'processing_duration_seconds_bucket{type="echo",le="+Inf"} 3',
        'processing_duration_seconds_count{type="echo"} 3',
        'jobs_running 2',
        'worker_slots 4',
        'worker_draining 0',
        'lock_lost_total 1',
        'retries_total 1',
      ]),
    );
    expect(lines.filter((line) => line.startsWith('processing_duration_seconds') && line.includes('sleep'))).toEqual([]);
  });

  test('every line is one of the format', () => {
    const metrics = new WorkerMetrics();
    metrics.count({ jobType: 'we"ird\\ty\npe', outcome: 'succeeded', durationMs: 1 });
    for (const line of metrics.text(GAUGES).trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\.)*"(,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? [\d.e+-]+)$/);
    }
  });

  test('types without end are counted together', () => {
    const metrics = new WorkerMetrics();
    for (let n = 0; n < 1000; n += 1) metrics.count({ jobType: `type-${n}`, outcome: 'dead-lettered' });
    const lines = metrics.text(GAUGES).split('\n').filter((line) => line.startsWith('messages_processed_total{'));
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toBe('messages_processed_total{type="other",outcome="dead-lettered"} 800');
  });
});

describe('the health server', () => {
  test('answers health, readiness and metrics, and nothing else', async () => {
    const world = await World.open();
    const { worker } = world.start([echoHandler]);
    const server = await startHealthServer(worker, 0);
    const get = async (path: string, method = 'GET'): Promise<{ status: number; text: string }> => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
      return { status: response.status, text: await response.text() };
    };
    try {
      const job = await world.submit('echo');
      await world.becomes(job.jobId, 'Succeeded');
      expect(await get('/health')).toMatchObject({ status: 200 });
      expect(JSON.parse((await get('/ready?x=1')).text)).toEqual({ status: 'ready', running: 0, slots: 10, draining: false });
      expect((await get('/metrics')).text).toContain('messages_processed_total{type="echo",outcome="succeeded"} 1\n');
      expect((await get('/elsewhere')).status).toBe(404);
      expect((await get('/health', 'POST')).status).toBe(405);
      worker.drain('test');
      expect(await get('/ready')).toMatchObject({ status: 503, text: expect.stringContaining('"draining"') as string });
    } finally {
      await server.close();
    }
  });

  test('is not healthy when the loop has not turned for a minute', async () => {
    const world = await World.open();
    const worker = world.worker([echoHandler]);
    const server = await startHealthServer(worker, 0);
    try {
      expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
      await world.clock.advance(60_001);
      expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(503);
    } finally {
      await server.close();
    }
  });

  test('says so when its port is taken', async () => {
    const world = await World.open();
    const worker = world.worker([]);
    const first = await startHealthServer(worker, 0);
    await expect(startHealthServer(worker, first.port)).rejects.toMatchObject({ code: 'USAGE_INVALID', message: expect.stringContaining('EADDRINUSE') as string });
    await first.close();
  });
});
