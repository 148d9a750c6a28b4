import { z } from "zod";
import type { ChannelDefinition } from "../channels/channel-definition.ts";
import { refineAlways } from "../core/refine-always.ts";
import type { ConfiguredAccess } from "../core/session/access-settings.ts";
import { deskSchema } from "./handoff-schema.ts";

/** A channel's `access`: who may talk to the bot there. */
export const accessSchema = z
  .strictObject({
    policy: z
      .enum(["open", "allowlist", "pairing"])
      .default("open")
      .describe(
        "`open`: everybody. `allowlist`: only people in `allow`. `pairing`: others get a code, and an operator lets them in with it.",
      ),
    allow: z
      .array(z.string().trim().min(1).max(200))
      .max(10_000)
      .default([])
      .describe(
        "People who may talk to the bot: their number or id on the platform. A group's id lets the group in.",
      ),
    text: z
      .string()
      .trim()
      .min(1)
      .max(1000)
      .nullable()
      .default(null)
      .describe("The reply to all others, at most once a day. Null: no reply."),
    codeText: z
      .string()
      .trim()
      .min(1)
      .max(300)
      .default("Your code: {code}")
      .describe("`pairing` only. What others read with their code, which is `{code}`."),
    approvers: z
      .array(z.union([z.string().min(1), deskSchema]))
      .max(20)
      .default([])
      .describe(
        "The receivers of a card about a stranger, with buttons that let in or refuse: desks by name, or people and groups on Slack or Telegram.",
      ),
  })
  .refine(({ codeText }) => typeof codeText !== "string" || codeText.includes("{code}"), {
    when: refineAlways,
    path: ["codeText"],
    error: "must contain {code}, or nobody learns the code",
  });

/** The settings as they run; null: everybody may talk to the bot. */
export function runningAccess(
  written: z.output<typeof accessSchema> | undefined,
  { identifierOf, otherNamesOf }: Pick<ChannelDefinition, "identifierOf" | "otherNamesOf">,
): ConfiguredAccess | null {
  if (written === undefined || written.policy === "open") return null;
  const { policy, allow, text, codeText, approvers } = written;
  const forms = allow.flatMap((name) => {
    const identifier = identifierOf?.(name) ?? name;
    return [name, identifier, ...(otherNamesOf?.(identifier) ?? [])];
  });
  return { policy, allow: new Set(forms), text, codeText, approvers };
}
