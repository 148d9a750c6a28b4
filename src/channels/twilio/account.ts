/** A sender of the account. Or a Messaging Service that tries RCS, and otherwise sends SMS from a number. */
export type Sender = { from: string } | { messagingServiceSid: string; fallbackFrom: string };

/** A Twilio account and the URL of its API. */
export interface TwilioAccount {
  accountSid: string;
  /** Authorises sends, and proves that a request comes from Twilio. */
  authToken: string;
  /** A second token, while the first is being replaced. */
  secondaryAuthToken?: string | undefined;
  /** Twilio's own URL or a proxy's. */
  apiBaseUrl: string;
}
