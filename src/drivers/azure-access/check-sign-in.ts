// Each credential of the chain with its own answer: the chain as a whole only says that nobody was there.

import type { HealthCheck } from '../../ports/diagnostics.js';
import type { AzureCredential } from './credentials.js';
import { fail, ok, warn } from './health.js';

/** `what` is signed in to, with tokens of this scope. */
export async function checkSignIn(what: string, credential: AzureCredential, scope: string): Promise<readonly HealthCheck[]> {
  const answers = await credential.answers(scope);
  const first = answers.find((answer) => answer.ok);
  const lines = answers.map(({ name, ok: signedIn, detail }) => {
    const line = `credential: ${name}`;
    if (signedIn) return ok(line, detail);
    // With one that works, the others are nobody's concern.
    return first === undefined ? warn(line, detail, null) : ok(line, `not used: ${detail}`);
  });
  const name = `${what} sign-in`;
  if (first !== undefined) return [ok(name, `by ${first.name}`), ...lines];
  return [
    fail(name, 'no credential could sign in', credential.remedy),
    ...lines,
  ];
}
