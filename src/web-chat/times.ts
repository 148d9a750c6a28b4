const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export function timeOf(timestamp: string): string {
  return time.format(new Date(timestamp));
}

/** "today", "yesterday", or the date. */
export function dayOf(timestamp: string): string {
  const day = new Date(timestamp);
  const today = new Date();
  const days = Math.round((startOf(day) - startOf(today)) / 86_400_000);
  return days === 0 || days === -1 ? relative.format(days, "day") : date.format(day);
}

const startOf = (day: Date) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
