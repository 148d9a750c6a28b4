import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { callApi } from "../server/call.ts";
import type { Agent, Channel, Page } from "../server/wire.ts";
import { useLive } from "./use-live.ts";

/** The channels and agents of the workspace, which every screen names. */
export interface Names {
  channels: readonly Channel[];
  agents: readonly Agent[];
}

const EVERY_MS = 10_000;
const Context = createContext<Names>({ channels: [], agents: [] });

export const NamesProvider = Context.Provider;

export const useNames = (): Names => useContext(Context);

/** Loads them, and keeps the channels' states up to date. */
export function useLiveNames(): Names & { isLoaded: boolean; failure: string | null } {
  const { data, failure } = useLive(
    "names",
    async (signal) => {
      const [channels, agents] = await Promise.all([
        callApi<Page<Channel>>("GET", "/channels?limit=100", { signal }),
        callApi<Page<Agent>>("GET", "/agents?limit=100", { signal }),
      ]);
      return { channels: channels.data, agents: agents.data };
    },
    EVERY_MS,
  );
  return { ...(data ?? { channels: [], agents: [] }), isLoaded: data !== null, failure };
}

/** The kind of a channel; empty while it is not known. */
export function kindOf(names: Names, channel: string): string {
  return names.channels.find(({ name }) => name === channel)?.kind ?? "";
}

/** The name of an agent, by its id or slug. */
export function agentName(names: Names, agent: string): string {
  return names.agents.find(({ id, slug }) => id === agent || slug === agent)?.name ?? agent;
}
