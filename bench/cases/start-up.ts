// How long a command takes from the shell's point of view, against a Node process that does nothing.

import { median, report } from '../report.js';
import { PROGRAM, runNode, runProgram, withTempDir } from '../processes.js';

export function benchStartUp(rounds: number): void {
  withTempDir((home) => {
    runProgram(['submit', 'echo', '--payload', '{}'], { home });
    const times = { bare: [] as number[], version: [] as number[], help: [] as number[], submit: [] as number[] };
    // Interleaved, so that a slow moment of the machine falls on all of them.
    for (let round = 0; round < rounds; round += 1) {
      times.bare.push(runNode(['-e', '0']).ms);
      times.version.push(runNode([PROGRAM, '--version']).ms);
      times.help.push(runNode([PROGRAM, '--help']).ms);
      times.submit.push(runProgram(['submit', 'echo', '--payload', '{}'], { home }).ms);
    }
    const reference = { what: 'node -e 0, ms', value: median(times.bare) };
    report({ what: '--version', value: median(times.version), unit: 'ms', reference, goal: { atMost: 1.2 } });
    report({ what: '--help', value: median(times.help), unit: 'ms', reference, goal: { atMost: 1.4 } });
    report({ what: 'submit echo, whole process', value: median(times.submit), unit: 'ms', reference, goal: { atMost: 2 } });
  });
}
