/** Whether a statement was refused because a unique index has that value already: somebody else was faster. */
export function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}
