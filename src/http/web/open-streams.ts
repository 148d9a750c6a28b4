import type { AdmissionLimit } from "../../core/process/admission-limit.ts";

/** The open streams of this process, so that no visitor and no address holds too many. */
export interface OpenStreams {
  /**
   * Returns a function to call when the stream is over; null if there are too many. An earlier stream of the same tab
   * is ended, because its client has reconnected before we noticed that it left.
   * @param stream.end called to end it; frees its place before it returns.
   */
  open(stream: { visitorId: string; address: string; tab: string | null; end(): void }): (() => void) | null;
  /** Ends every open stream, because the server stops. */
  endAll(): void;
}

/** @param room places for streams that all visitors and API keys share. */
export function createOpenStreams(
  limits: { perVisitor: number; perAddress: number },
  room: AdmissionLimit,
): OpenStreams {
  const visitors = new Map<string, number>();
  const addresses = new Map<string, number>();
  const tabs = new Map<string, { end(): void }>();
  const all = new Set<{ end(): void }>();

  return {
    open({ visitorId, address, tab, end }) {
      const tabKey = tab === null ? null : `${visitorId}/${tab}`;
      if (tabKey !== null) tabs.get(tabKey)?.end();
      const full =
        (visitors.get(visitorId) ?? 0) >= limits.perVisitor ||
        (addresses.get(address) ?? 0) >= limits.perAddress;
      const leave = full ? null : room.take(address, 0);
      if (leave === null) return null;
      add(visitors, visitorId, 1);
      add(addresses, address, 1);
      const stream = { end };
      all.add(stream);
      if (tabKey !== null) tabs.set(tabKey, stream);
      return () => {
        if (!all.delete(stream)) return;
        leave();
        add(visitors, visitorId, -1);
        add(addresses, address, -1);
        if (tabKey !== null && tabs.get(tabKey) === stream) tabs.delete(tabKey);
      };
    },
    endAll() {
      for (const stream of all) stream.end();
    },
  };
}

function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + change;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}
