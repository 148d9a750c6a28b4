const SECRET_NAME =
  /secret|password|passwd|passphrase|api[-_]?key|authorization|credential|private[-_]?key|cookie/i;
const TOKEN_NAME = /(^|[-_a-z])token$/i;

/** Returns true if a key or variable of this name holds a secret (`botToken`, `LLM_API_KEY`, but not `maxTokens`). */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || TOKEN_NAME.test(name);
}
