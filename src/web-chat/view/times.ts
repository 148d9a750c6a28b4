/** Dates in one language. */
export interface Times {
  time(timestamp: string): string;
  /** "today", "yesterday", or the date. */
  day(timestamp: string): string;
  full(timestamp: string): string;
}

export function createTimes(tag: string): Times {
  const time = new Intl.DateTimeFormat(tag, { hour: "numeric", minute: "2-digit" });
  const date = new Intl.DateTimeFormat(tag, { dateStyle: "medium" });
  const full = new Intl.DateTimeFormat(tag, { dateStyle: "full", timeStyle: "short" });
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: "auto" });
  return {
    time: (timestamp) => time.format(new Date(timestamp)),
    full: (timestamp) => full.format(new Date(timestamp)),
    day(timestamp) {
      const day = new Date(timestamp);
      const days = Math.round((startOf(day) - startOf(new Date())) / 86_400_000);
      const text = days === 0 || days === -1 ? relative.format(days, "day") : date.format(day);
      return text.charAt(0).toLocaleUpperCase(tag) + text.slice(1);
    },
  };
}

const startOf = (day: Date) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
