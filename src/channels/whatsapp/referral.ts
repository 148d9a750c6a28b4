import type { MessageReference } from "../../core/message/inbound-message.ts";
import type { JsonObject } from "../../core/text/json.ts";

/**
 * The stored fields of the advertisement or post that a user came from. The names are Meta's ("Ads that click to
 * WhatsApp").
 */
const FIELDS = [
  "source_type",
  "source_id",
  "source_url",
  "headline",
  "body",
  "ctwa_clid",
  "media_type",
  "media_url",
  "image_url",
  "video_url",
  "thumbnail_url",
] as const;

export type ReferralField = (typeof FIELDS)[number];
export type Referral = Partial<Record<ReferralField, string>>;

/** The limit is needed because any advertiser writes these texts. */
const MOST_CHARACTERS = 2_000;

/** Null if there is no such field. */
export function readReferral(fieldOf: (field: ReferralField) => unknown): Referral | null {
  const known = FIELDS.flatMap((field) => {
    const value = fieldOf(field);
    return typeof value === "string" && value !== "" ? [[field, value.slice(0, MOST_CHARACTERS)]] : [];
  });
  return known.length === 0 ? null : Object.fromEntries(known);
}

/** WhatsApp shows it above the user's first message, as the subject of that message. */
export function referralReference({ source_type, headline, body, source_url }: Referral): MessageReference {
  const words = [headline, body, source_url].filter((each) => each !== undefined).join(" | ");
  const author = source_type === "post" ? "a post" : "an advertisement";
  return { kind: "quote", author, ...(words === "" ? {} : { text: words }) };
}

export function referralMetadata(referral: Referral): JsonObject {
  return { referral: { ...referral } };
}
