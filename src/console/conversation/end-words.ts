const ENDS: Readonly<Record<string, string>> = {
  user_reset: "The user started over.",
  user: "The user ended this conversation.",
  bot: "The bot ended this conversation.",
  api: "This conversation was ended over the API.",
  event: "An event rule ended this conversation.",
  operator: "An operator ended this conversation.",
  new_session: "A newer conversation replaced this one.",
  expired: "This conversation expired.",
};

/** Says why a conversation ended. */
export function endWords({ end_reason: reason }: { end_reason: string | null }): string {
  return ENDS[reason ?? ""] ?? "This conversation is completed.";
}
