// What `doctor` looks at before anything is opened: this Node.js, the data directory, the room on its disk.

import { access, constants, mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ConfigPlace } from '../config/data-dir.js';
import { formatBytes } from '../output/quantities.js';
import type { HealthCheck } from '../ports/diagnostics.js';
import { VERSION } from '../version.js';

/** Under this the next burst of jobs may not fit. */
const LOW_BYTES = 512 * 1024 * 1024;
const NO_BYTES = 16 * 1024 * 1024;

export async function checkMachine(place: ConfigPlace): Promise<readonly HealthCheck[]> {
  return [versions(), await dataDirectory(place), await diskSpace(place.dataDir)];
}

function versions(): HealthCheck {
  return { name: 'versions', status: 'ok', detail: `copiloteval ${VERSION}, Node.js ${process.versions.node}`, remedy: null };
}

/** Written to for a try; a directory that is not there yet must be one that can be made. */
async function dataDirectory({ dataDir, dataDirSource }: ConfigPlace): Promise<HealthCheck> {
  const name = 'data directory';
  const detail = `${dataDir} (${dataDirSource})`;
  try {
    const existing = await nearestExisting(dataDir);
    if (existing !== dataDir) {
      await access(existing, constants.W_OK | constants.X_OK);
      return { name, status: 'ok', detail: `${detail}, will be made`, remedy: null };
    }
    await rm(await mkdtemp(join(dataDir, 'doctor-')), { recursive: true });
    return { name, status: 'ok', detail: `${detail}, writable`, remedy: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name, status: 'fail', detail: `${detail}: ${reason}`, remedy: 'make it writable for you, or choose another with `--data-dir DIR` or COPILOTEVAL_HOME' };
  }
}

async function diskSpace(dataDir: string): Promise<HealthCheck> {
  const name = 'disk space';
  try {
    const { bavail, bsize } = await statfs(await nearestExisting(dataDir));
    const free = bavail * bsize;
    const status = free < NO_BYTES ? 'fail' : free < LOW_BYTES ? 'warn' : 'ok';
    return { name, status, detail: `${formatBytes(free)} free`, remedy: status === 'ok' ? null : 'free some, or delete finished jobs with `copiloteval prune`' };
  } catch (error) {
    return { name, status: 'warn', detail: `cannot be told: ${error instanceof Error ? error.message : String(error)}`, remedy: null };
  }
}

async function nearestExisting(path: string): Promise<string> {
  for (let dir = path; ; dir = dirname(dir)) {
    const found = await stat(dir).catch(() => undefined);
    if (found !== undefined || dir === dirname(dir)) return dir;
  }
}
