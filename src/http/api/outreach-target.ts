import { z } from "zod";
import type { SessionAgent, SessionAgents } from "../../agents/session-agent-repository.ts";
import type { ButtonSpec } from "../../core/button.ts";
import { buttonsSchema } from "../../core/button-schema.ts";
import { RequestError } from "../../core/errors.ts";
import type { ReplyLimits } from "../../core/reply-parts.ts";
import type { ChannelRef } from "../../core/runtime.ts";
import { type Saying, toSaying } from "../../core/saying.ts";

/** A channel as texts go out on it. */
export type OutreachChannel = ChannelRef & ReplyLimits;

export interface OutreachDeps {
  agents: SessionAgents;
  /** The running channel of that name in a workspace. */
  channel(workspaceId: string, name: string): OutreachChannel | null;
}

/** Errors of everything that messages a user unasked. */
export const OUTREACH_ERRORS = [
  { status: 404, code: "agent_not_found", when: "there is no such agent" },
  { status: 404, code: "channel_not_found", when: "there is no such channel, or it is not running" },
  {
    status: 422,
    code: "agent_not_on_channel",
    when: "another agent answers there, so it would get the reply",
  },
  {
    status: 422,
    code: "channel_opens_sessions",
    when: "sessions on that kind of channel begin on the platform",
  },
] as const;

/** Who speaks and where, by the names a caller gave. */
export async function outreachTarget(
  deps: OutreachDeps,
  workspaceId: string,
  names: { agent: string; channel: string },
): Promise<{ agent: SessionAgent; channel: OutreachChannel }> {
  const agent = await deps.agents.find(workspaceId, names.agent);
  if (!agent) throw new RequestError(404, "agent_not_found", `There is no agent ${names.agent} here.`);
  const channel = deps.channel(workspaceId, names.channel);
  if (!channel) {
    throw new RequestError(404, "channel_not_found", `There is no channel ${names.channel} here.`);
  }
  const named = channel.kind === "api" || channel.kind === "web";
  if (channel.sessions !== "single" && !named && !channel.addressesUsers) {
    const message = `Sessions on ${channel.name} begin on the platform (kind ${channel.kind}).`;
    throw new RequestError(422, "channel_opens_sessions", message);
  }
  // Where users have many sessions, a reply goes to the agent of the session it is in.
  if (channel.agentId !== agent.id && channel.kind !== "api" && !channel.addressesUsers) {
    const message = `The agent ${agent.slug} does not answer on ${channel.name}.`;
    throw new RequestError(422, "agent_not_on_channel", message);
  }
  return { agent, channel };
}

const text = z.string().min(1).max(100_000);

/** What is to be said, as every call that messages a user takes it. */
export const SAID = {
  prompt_text: text.optional().describe("An instruction to the bot, which writes the message"),
  message_text: text.optional().describe("The message itself, word for word"),
  buttons: buttonsSchema
    .optional()
    .describe(
      "With `message_text`: what the user may press below it. Where no buttons are shown, a numbered list",
    ),
  attachments: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }).max(2_000),
        name: z.string().min(1).max(500).optional(),
        content_type: z.string().max(200).optional(),
      }),
    )
    .max(10)
    .optional()
    .describe(
      "With `message_text`: files behind it, at addresses the platform can open; else they are links",
    ),
};

/** A file to be sent, as it is written in a request. */
interface WireFile {
  url: string;
  name?: string | undefined;
  content_type?: string | undefined;
}

/** The one text of two that was given; the schema has seen to it that there is exactly one. */
export function requireSaying(
  prompt: string | undefined,
  text: string | undefined,
  shown: { buttons?: readonly ButtonSpec[] | undefined; attachments?: readonly WireFile[] | undefined } = {},
): Saying {
  const { buttons, attachments } = shown;
  const saying = toSaying(prompt, text);
  if (saying && buttons === undefined && attachments === undefined) return saying;
  if (saying && "text" in saying) {
    const files = attachments?.map(({ content_type: contentType, ...file }) => ({ ...file, contentType }));
    return { ...saying, ...(buttons && { buttons }), ...(files && { attachments: files }) };
  }
  if (saying)
    throw new RequestError(422, "invalid_body", "Give buttons and attachments with a message_text.");
  throw new RequestError(422, "invalid_body", "Give either prompt_text or message_text.");
}
