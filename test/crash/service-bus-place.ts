// A place whose queue is on Service Bus: the program as processes, and beside it the emulator as one more, with faults, that
// is killed and started again like the others.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { TestContext } from 'vitest';

import { loadConfig } from '../../src/config/config.js';
import { placeAt } from '../../src/config/data-dir.js';
import { openEnvironment } from '../../src/config/environment.js';
import { openRuntime, type Runtime } from '../../src/runtime.js';
import { REGISTRY_QUEUES } from '../support/emulator.js';
import { type EmulatorProcess, openEmulatorProcess } from '../support/emulator-process.js';
import { type Ended, Place, type Running, type StartOptions } from './place.js';

export const QUEUE = 'evaluation-jobs';

export interface BusSettings {
  readonly lockMs: number;
  readonly maxDeliveryCount: number;
  /** As on the command line of the emulator. */
  readonly faults: readonly string[];
}

export class BusPlace {
  readonly place: Place;
  readonly emulator: EmulatorProcess;
  /** The variables that lead to it, with the flag on. */
  readonly env: Readonly<Record<string, string>>;
  /** Read by the emulator at each start. */
  readonly #faults: string[];
  emulatorKills = 0;

  private constructor(place: Place, emulator: EmulatorProcess, faults: string[], lockMs: number) {
    this.place = place;
    this.emulator = emulator;
    this.#faults = faults;
    this.env = {
      USE_SERVICE_BUS: 'true',
      AZURE_SERVICE_BUS_CONNECTION_STRING: emulator.connectionString,
      AZURE_SERVICE_BUS_ADMIN_ENDPOINT: emulator.adminEndpoint,
      COPILOTEVAL_LOCK_SECONDS: String(lockMs / 1000),
    };
  }

  static async make(program: string, context: TestContext, { lockMs, maxDeliveryCount, faults }: BusSettings): Promise<BusPlace> {
    const place = Place.make(program, context);
    const directory = join(place.root, 'emulator');
    mkdirSync(directory);
    const queues = REGISTRY_QUEUES.map((queue) => ({ ...queue, lockMs, maxDeliveryCount }));
    const current = [...faults];
    const emulator = await openEmulatorProcess({ directory, queues, faults: current });
    context.onTestFinished(() => emulator.kill());
    return new BusPlace(place, emulator, current, lockMs);
  }

  start(args: readonly string[], options: StartOptions = {}): Running {
    return this.place.start(args, { ...options, env: { ...this.env, ...options.env } });
  }

  run(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  json(args: readonly string[], options: StartOptions = {}): Promise<unknown> {
    return this.place.json(args, { ...options, env: { ...this.env, ...options.env } });
  }

  /** SIGKILL; it serves again when this resolves. `meanwhile` sees it gone. */
  async restartEmulator(meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
    await this.emulator.kill();
    this.emulatorKills += 1;
    await meanwhile();
    await this.emulator.start();
  }

  /** From now on; none: the emulator does as it is told. */
  async setFaults(faults: readonly string[]): Promise<void> {
    this.#faults.splice(0, this.#faults.length, ...faults);
    await this.restartEmulator();
  }

  /** This process's own look at both worlds. No other process needs to be gone. */
  async withRuntime<T>(look: (runtime: Runtime) => Promise<T>): Promise<T> {
    const { place } = this;
    const env = await openEnvironment({ ...place.environment, ...this.env }, place.root);
    const runtime = await openRuntime(loadConfig({ place: placeAt(place.dataDir, 'test', true), env, cwd: place.root, profile: undefined }));
    try {
      return await look(runtime);
    } finally {
      await runtime.close();
    }
  }

  async discard(): Promise<void> {
    await this.emulator.kill();
    await this.place.discard();
  }
}
