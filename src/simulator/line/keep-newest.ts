const MOST = 1_000;

/** Keeps a value for a message, and forgets the oldest one where there are too many. */
export function keepNewest(values: Map<string, string>, id: string, value: string): void {
  values.set(id, value);
  const oldest = values.size > MOST ? values.keys().next().value : undefined;
  if (oldest !== undefined) values.delete(oldest);
}
