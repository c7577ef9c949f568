// The HTTP side of a worker, for probes and Prometheus: /health, /ready, /metrics. Nothing else, nothing changes by it.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { AppError } from '../domain/errors.js';
import type { Worker } from './worker.js';

/** A loop that has not turned for this long is stuck. */
const ALIVE_WITHIN_MS = 60_000;

export interface HealthServer {
  /** The real one, also when 0 was asked for. */
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on all addresses, as probes from outside the container need it. Throws USAGE_INVALID when the port is taken. */
export async function startHealthServer(worker: Worker, port: number): Promise<HealthServer> {
  const server = createServer((request, response) => answer(worker, request, response));
  await listen(server, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(worker: Worker, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, { error: 'expected GET' });
  if (path === '/metrics') return sendMetrics(worker, response);
  const alive = worker.ticked(ALIVE_WITHIN_MS);
  const facts = { running: worker.running.size, slots: worker.slots, draining: worker.draining };
  if (path === '/health') return send(response, alive ? 200 : 503, { status: alive ? 'ok' : 'stuck', ...facts });
  const ready = alive && !worker.draining;
  if (path === '/ready') return send(response, ready ? 200 : 503, { status: ready ? 'ready' : worker.draining ? 'draining' : 'stuck', ...facts });
  return send(response, 404, { error: 'expected /health, /ready or /metrics' });
}

function sendMetrics(worker: Worker, response: ServerResponse): void {
  const text = worker.metrics.text({ running: worker.running.size, slots: worker.slots, draining: worker.draining });
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new AppError('USAGE_INVALID', `--health-port ${port} cannot be used: ${error.code ?? error.message}`, { hint: 'choose another port', cause: error }));
    });
    server.listen(port, resolve);
  });
}
