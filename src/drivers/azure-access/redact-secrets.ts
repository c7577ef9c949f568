// Takes keys, signatures and tokens out of text that others wrote (an SDK's error, a broker's answer) before it is shown.

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/((?:SharedAccessKey|AccountKey|AccessKey|SharedSecretValue|Secret|Password|pwd)\s*=\s*)[^;"'\n]+/gi, '$1***'],
  [/SharedAccessSignature\s*=?\s*(?:SharedAccessSignature\s+)?[^\s;"']+=[^\s;"']*/gi, 'SharedAccessSignature ***'],
  [/\bsig=[^&\s;"']+/gi, 'sig=***'],
  // A JSON Web Token: three parts, the first always begins with {" in base64url.
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?/g, '***'],
  [/\b(Bearer)\s+[\w.~+/=-]+/gi, '$1 ***'],
  [/((?:client_secret|client_assertion|access_token|refresh_token)["']?\s*[=:]\s*["']?)[^&\s"',}]+/gi, '$1***'],
];

export function redactSecrets(text: string): string {
  return SECRETS.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text);
}

/** The same error in name, code, text and stack, without secrets and without the request that an SDK hangs on it. */
export function withoutSecrets(error: unknown): Error {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const clean = new Error(redactSecrets(message));
  clean.name = name;
  if (stack !== undefined) clean.stack = redactSecrets(stack);
  return clean;
}
