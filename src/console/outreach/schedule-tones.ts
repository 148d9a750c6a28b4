/** The colours of the states of schedules and of their runs. */
export const TONES: Partial<Record<string, string>> = {
  active: "good",
  paused: "wait",
  delivered: "good",
  sent: "good",
  failed: "bad",
  unreachable: "bad",
};
