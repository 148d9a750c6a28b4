/** True if a unique index rejected the statement because another writer already stored that value. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}
