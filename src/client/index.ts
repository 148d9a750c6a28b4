import { type Chat, createChat } from "./chat.ts";
import { createExecutions, type Executions } from "./executions.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { type Call, type CausewayOptions, createTransport, type RequestOptions } from "./transport.ts";

export { CausewayError } from "./errors.ts";
export type { List, Page, PageMeta } from "./page.ts";
export type { CausewayOptions, RequestOptions } from "./transport.ts";
export type * from "./types.ts";

/**
 * Talks to a Causeway server. Names are camelCase here and snake_case on the wire; your own JSON (metadata, variables,
 * participant data) travels as it is.
 *
 *     const client = new Causeway({ apiKey, baseUrl: "https://chat.example.org" });
 *     const session = await client.chat.createSession({ agentId: "echo" });
 *     for await (const event of client.chat.sendMessageStream(session.id, { content: "Hello!" })) …
 */
export class Causeway {
  readonly chat: Chat;
  readonly sessions: Sessions;
  readonly executions: Executions;
  /** Any other call: path below `/api/v1`; names are changed both ways as everywhere. */
  readonly request: <T>(call: Call, options?: RequestOptions) => Promise<T>;

  constructor(options: CausewayOptions) {
    const transport = createTransport(options);
    this.sessions = createSessions(transport);
    this.chat = createChat(transport, this.sessions);
    this.executions = createExecutions(transport);
    this.request = transport.request;
  }
}
