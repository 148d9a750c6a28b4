import type { ConfiguredAccess } from "../core/session/access-settings.ts";

/** A channel as the configuration file has it now. */
export interface ConfiguredChannel {
  enabled: boolean;
  kind: string;
  config: Readonly<Record<string, unknown>> | null;
  access?: ConfiguredAccess | null;
}

/**
 * The difference between a running channel and its place in a reloaded file; null if there is none. The text continues
 * the channel's name. Either side may be missing.
 */
export function reloadDifference(
  running: { kind: string; config: unknown; access?: ConfiguredAccess | null } | null,
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
  if (accessText(running.access) !== accessText(wanted.access)) changed.push("access");
  return changed.length === 0 ? null : changed.join(", ");
}

function accessText(access: ConfiguredAccess | null = null): string {
  return JSON.stringify(access && { ...access, allow: [...access.allow] });
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
