import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Hub } from "../queue/hub.ts";

export interface SessionNotice {
  /** `turn`: a turn begins. `messages`: there are new messages, or the session has changed. */
  type: "turn" | "messages";
  executionId?: string;
}

/** The topic of "something happened in a session", within this process. Its readers find out what. */
export const SESSION_NEWS = "session-news";

export type NotifySession = (channelId: string, sessionId: string, notice: SessionNotice) => void;

/** Notifies the followers of a session, who then read it again. */
export function createSessionNotices(deps: {
  hub: Pick<Hub, "publish">;
  channels: Pick<ChannelDirectory, "byId">;
}): NotifySession {
  return (channelId, sessionId, { type, executionId }) => {
    // Only channels whose users hold a stream open have followers on other processes.
    const remote = deps.channels.byId(channelId)?.definition.capabilities.live ?? false;
    const data = { type, ...(executionId ? { execution_id: executionId } : {}) };
    deps.hub.publish(`session.${sessionId}`, data, { remote });
    deps.hub.publish(SESSION_NEWS, {}, { remote: false });
  };
}
