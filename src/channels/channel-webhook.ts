import type { ChannelEvent } from "../core/message/channel-event.ts";

/** An HTTP request before its body is read. Header names are in lower case. */
export interface RequestHead {
  method: string;
  /** Path and query as the platform sent them. */
  url: string;
  headers: Readonly<Record<string, string | undefined>>;
}

/** An HTTP request as received, with the signed bytes. */
export interface RawRequest extends RequestHead {
  body: Buffer;
}

export interface WebhookResponse {
  status: number;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
  body: string;
}

/** The result of reading a webhook request. */
export type Received =
  | {
      kind: "accepted";
      events: ChannelEvent[];
      /** The response for the platform after the events are stored. Default: 200 with an empty body. */
      response?: WebhookResponse;
      /**
       * Called once the answer is written, for work that must not overtake it. Not called if the connection broke
       * before; then the platform sends the event again.
       */
      acknowledged?: () => void;
    }
  /** The request cannot be checked or read now (database outage). The platform gets a 503 and sends it again. */
  | { kind: "later"; reason: string; retryAfterMs?: number; cause?: unknown }
  | { kind: "rejected"; status: 400 | 401 | 404 | 415; code: string; message: string };

/** The verdict on a webhook request by its head alone. */
export type HeadVerdict =
  | Extract<Received, { kind: "rejected" }>
  /** The head carries a secret of this channel. */
  | { kind: "proven" }
  /** The head must be checked against the body. */
  | { kind: "unproven" };
