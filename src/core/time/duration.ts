const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Durations as people write them: `30s`, `15m`, `2h`, `1d`. */
export const DURATION_PATTERN = /^[1-9]\d{0,5}[smhd]$/;

/** The milliseconds of a duration that matches the pattern. */
export function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * (UNIT_MS[text.slice(-1)] ?? Number.NaN);
}
