/** A channel as the configuration file has it now. */
export interface ConfiguredChannel {
  enabled: boolean;
  kind: string;
  config: Readonly<Record<string, unknown>> | null;
}

/**
 * The difference between a running channel and its place in a reloaded file; null if there is none. The text continues
 * the channel's name. Either side may be missing.
 */
export function reloadDifference(
  running: { kind: string; config: unknown } | null,
  configured: ConfiguredChannel | null,
): string | null {
  const wanted = configured?.enabled && configured.config !== null ? configured : null;
  if (running === null) return wanted === null ? null : "new";
  if (configured === null) return "removed";
  if (wanted === null) return "switched off";
  if (wanted.kind !== running.kind) return "kind";
  const before = asRecord(running.config);
  const after = asRecord(wanted.config);
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  return changed.length === 0 ? null : changed.join(", ");
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
