// From the submit in one process to the start in another that was idle, and what an idle worker costs.

import { readFileSync } from 'node:fs';

import { median, quantile, report } from '../report.js';
import { runProgram, startProgram, withTempDir } from '../processes.js';

interface JobTimes {
  readonly createdAt: string;
  readonly startedAt: string;
  readonly status: string;
}

export async function benchWakeUp(jobs: number, idleSeconds: number): Promise<void> {
  await withTempDir(async (home) => {
    runProgram(['submit', 'echo', '--payload', '{}'], { home });
    const worker = startProgram(['worker', 'start'], home);
    try {
      const waits: number[] = [];
      // The first one waits for the worker's own start.
      for (let index = 0; index <= jobs; index += 1) {
        const { stdout } = runProgram(['submit', 'echo', '--payload', '{}', '--wait', '-o', 'json'], { home });
        const { createdAt, startedAt } = JSON.parse(stdout) as JobTimes;
        if (index > 0) waits.push(Date.parse(startedAt) - Date.parse(createdAt));
      }
      const note = 'createdAt to startedAt, whole milliseconds; the commit of the submit is in it';
      report({ what: 'submit to start in another process, p50', value: median(waits), unit: 'ms', goal: { atMost: 3 }, note });
      report({ what: 'submit to start in another process, p95', value: quantile(waits, 0.95), unit: 'ms', goal: { atMost: 10 }, note });
      report({ what: 'idle worker', value: await cpuPercent(worker.pid ?? 0, idleSeconds), unit: '% of a core', goal: { atMost: 0.5 } });
    } finally {
      worker.kill('SIGKILL');
    }
  });
}

/** User and system time of the process over a while, from /proc; Linux only. */
async function cpuPercent(pid: number, seconds: number): Promise<number> {
  const before = cpuTicks(pid);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  // 100 ticks a second (USER_HZ) on Linux, whatever the kernel's own rate.
  return ((cpuTicks(pid) - before) / 100 / seconds) * 100;
}

function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
