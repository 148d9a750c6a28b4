import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import type { Reachability } from "../../core/session/reachability.ts";
import { MARKETING_REFUSED, WINDOW_CLOSED } from "./errors.ts";
import type { Provider, Send } from "./provider.ts";

const TEMPLATE_ONLY =
  "the user has not written for 24 hours: the configured template goes out in place of the message";
const TEMPLATE_INSTEAD =
  "the user had not written for 24 hours: one template went out in place of the whole message";
const WAITS = `${WINDOW_CLOSED}; it goes out when they write again`;

export interface OutsideDeps {
  sendTemplate: Provider["sendTemplate"];
  /** True if the configured template is a marketing message. */
  isMarketing: boolean;
  /** Returns true if a user refuses marketing messages. Rejects during a database outage. */
  refusesMarketing(address: string): Promise<boolean>;
}

/** The sends to a user who has not written for 24 hours. */
export interface Outside {
  reach(address: string): Promise<Reachability>;
  send(part: OutboundPart, how: Send): Promise<SendResult>;
}

/**
 * Sends the template instead of the message, if there is one that this user accepts. Otherwise the message waits until
 * the user writes.
 */
export function createOutside({ sendTemplate, isMarketing, refusesMarketing }: OutsideDeps): Outside {
  const isRefused = async (address: string) => isMarketing && (await refusesMarketing(address));

  return {
    async reach(address) {
      if (sendTemplate === null) return { kind: "limited", code: "window_closed", reason: WAITS };
      return (await isRefused(address))
        ? { kind: "limited", code: "marketing_refused", reason: MARKETING_REFUSED }
        : { kind: "limited", code: "template_only", reason: TEMPLATE_ONLY };
    },
    async send(part, how) {
      const instead = { code: "window_closed", reason: TEMPLATE_INSTEAD };
      if (sendTemplate === null) return { kind: "parked", code: "window_closed", reason: WAITS };
      try {
        if (await isRefused(part.address))
          return { kind: "parked", code: "marketing_refused", reason: MARKETING_REFUSED };
      } catch {
        const reason = "whether the user takes marketing messages could not be read";
        return { kind: "retry", reason, code: "database_unavailable", scope: "conversation" };
      }
      if (part.part > 0) return { kind: "failed", scope: "conversation", ...instead };
      const result = await sendTemplate(part.address, how);
      return result.kind === "sent" ? { ...result, note: instead } : result;
    },
  };
}
