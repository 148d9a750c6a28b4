import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { ChannelOptions } from "../channel-options.ts";
import type { RunningTasks } from "../kit/running-tasks.ts";
import { toAddress } from "./address.ts";
import type { SlackConfig } from "./config.ts";
import { createConversations } from "./conversations.ts";
import { createDeskReader } from "./desk-inbound.ts";
import type { SlackStop } from "./event.ts";
import type { IdentitySource } from "./identity.ts";
import { createInbound } from "./inbound.ts";
import { createMessageReader } from "./inbound-message.ts";
import type { ListenerDeps } from "./listeners.ts";
import type { People } from "./people.ts";
import { createPresses } from "./press.ts";
import { createReactions } from "./reaction.ts";
import { createRouting } from "./routing.ts";
import { createSpokenMessages } from "./spoken.ts";
import { createThreadReader } from "./thread.ts";
import type { Workspaces } from "./workspaces.ts";

export interface ReadingDeps {
  options: ChannelOptions<SlackConfig>;
  workspaces: Workspaces;
  identity: IdentitySource;
  people: People;
  /** Removes the status of a thread. */
  clearStatus(address: string): Promise<void>;
  /** Tracks calls that nobody waits for. */
  track: RunningTasks["track"];
}

/** Turns everything that Slack sends into events: messages, reactions, presses of buttons and of Stop. */
export function createReading(deps: ReadingDeps): ListenerDeps["read"] {
  const { options, workspaces, identity, people, clearStatus, track } = deps;
  const { config, log } = options;
  const { isShared, clientOf } = workspaces;
  const conversations = createConversations(options);
  const desk = createDeskReader({ people, isDesk: options.isDesk });
  const spoken = createSpokenMessages(options.values);
  const reader = createMessageReader({
    people,
    readThread: createThreadReader({ clientOf, people, log }),
    route: createRouting(config.agents),
  });

  function stop({ channel, thread_ts: thread }: SlackStop, team: string | null): ChannelEvent[] {
    const address = toAddress(isShared ? team : null, channel, thread);
    // Slack leaves the session busy, also if its turn has ended in the meantime.
    void track(clearStatus(address));
    return [{ type: "stop", address }];
  }

  const bot = { isShared, identity: identity.current, spoken };
  return {
    event: createInbound({ bot, conversations, threads: config.threads, reader, desk, log }),
    reaction: createReactions({
      isShared,
      userId: () => identity.current().userId,
      nameOf: people.nameOf,
      spoken,
    }),
    press: createPresses({ workspaces, conversations, people, desk, track, log }),
    stop,
  };
}
