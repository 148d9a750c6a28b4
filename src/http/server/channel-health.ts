import type { ChannelDirectory } from "../../channels/channel-directory.ts";

/** The state of a channel, as `/readyz` shows it. */
export interface ChannelHealth {
  kind: string;
  state: "ok" | "error";
  last_error: string | null;
}

/**
 * The state of every channel, by name.
 * @param readTroubles problems of sends, by channel. They are known on every process.
 */
export async function channelHealth(
  channels: Pick<ChannelDirectory, "all">,
  readTroubles: () => Promise<ReadonlyMap<string, string>>,
): Promise<Record<string, ChannelHealth>> {
  // Without a database the service is not ready anyway.
  const troubles = await readTroubles().catch(() => new Map<string, string>());
  const found = channels
    .all()
    .map(({ ref, error }) => ({ ref, error: error ?? troubles.get(ref.id) ?? null }))
    // API channels of several workspaces may share a name. Then a problem of any of them is shown.
    .sort((left, right) => Number(left.error !== null) - Number(right.error !== null));
  return Object.fromEntries(
    found.map(({ ref, error }) => [
      ref.name,
      { kind: ref.kind, state: error === null ? "ok" : "error", last_error: error },
    ]),
  );
}
