import type { ChannelRef } from "../../core/session/runtime.ts";

/** Refused webhook requests of one channel with one reason. */
export interface Refusals {
  channel: ChannelRef;
  code: string;
  message: string;
  /** Number of requests since the last report. */
  count: number;
}

/** Reports refused webhook requests: the first one at once, later ones together. */
export interface RefusalReport {
  note(channel: ChannelRef, refusal: { code: string; message: string }): void;
  stop(): void;
}

/** Anybody can post to a webhook URL. With more than one report a minute, strangers could fill the log. */
const REPORT_EVERY_MS = 60_000;

/** Reports the refusals of each channel and reason at most once per `everyMs`, with their count. */
export function createRefusalReport(deps: {
  report(refusals: Refusals): void;
  everyMs?: number;
}): RefusalReport {
  const open = new Map<string, { refusals: Refusals; timer: NodeJS.Timeout }>();

  function reportRest(key: string): void {
    const entry = open.get(key);
    if (entry === undefined) return;
    if (entry.refusals.count === 0) {
      clearInterval(entry.timer);
      open.delete(key);
      return;
    }
    deps.report({ ...entry.refusals });
    entry.refusals.count = 0;
  }

  return {
    note(channel, { code, message }) {
      const key = `${channel.id}/${code}`;
      const known = open.get(key);
      if (known) {
        known.refusals.count += 1;
        return;
      }
      deps.report({ channel, code, message, count: 1 });
      const timer = setInterval(reportRest, deps.everyMs ?? REPORT_EVERY_MS, key);
      timer.unref();
      open.set(key, { refusals: { channel, code, message, count: 0 }, timer });
    },
    stop() {
      for (const key of [...open.keys()]) {
        const entry = open.get(key);
        if (entry && entry.refusals.count > 0) reportRest(key);
        clearInterval(entry?.timer);
        open.delete(key);
      }
    },
  };
}

/** The sentence for the log and for the channel's last error. */
export function refusalText({ code, message, count }: Omit<Refusals, "channel">): string {
  const requests = count === 1 ? "a webhook request was" : `${count} webhook requests were`;
  return `${requests} refused (${code}): ${message}`;
}
