import { useEffect, useState } from "preact/hooks";
import { callApi } from "../server/call.ts";
import type { AgentVersion, Session } from "../server/wire.ts";

/** The agent's version of a session; null until it is loaded. */
export function useVersion({ agent_id: agent, agent_version: number }: Session): AgentVersion | null {
  const [version, setVersion] = useState<AgentVersion | null>(null);
  useEffect(() => {
    const over = new AbortController();
    callApi<AgentVersion>("GET", `/agents/${agent}/versions/${number}`, { signal: over.signal })
      .then(setVersion)
      // Without it nothing is prefilled, and everything can still be chosen.
      .catch(() => undefined);
    return () => over.abort();
  }, [agent, number]);
  return version;
}
