import { addFile, type Line, type StoredFile } from "../line/line.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import { accountPath, ok, refuse } from "./answers.ts";
import { fetchMedia } from "./fetch-media.ts";
import type { SentMessages } from "./sent.ts";
import { readTemplate, type Template } from "./templates.ts";

/** The keys of an account. */
export interface AccountKeys {
  accountSid: string;
  authToken: string;
}

/** A new message that a call asks for. Its content is the platform's own. */
export interface NewContent {
  mediaUrl: string | null;
}

export interface AccountCallsDeps<Content extends NewContent> {
  world: World;
  account: AccountKeys;
  line: Line;
  sent: SentMessages;
  templates: Map<string, Template>;
  /** The platform's own part. */
  messages: {
    /** Reads the fields of a new message, or refuses as Twilio does. */
    read(payload: Record<string, unknown>): Content | ApiAnswer;
    /** Sends a message that `read` has accepted. Returns its description. */
    send(content: Content, file: StoredFile | null): object;
    /** Answers calls that only this platform has; null: there is no such call. */
    others(call: ApiCall, at: string): ApiAnswer | null;
    /** A new id of a kind, such as `ME…`. */
    nextSid(kind: string): string;
  };
}

/** Answers the calls that are the same for every channel of an account, and hands on the others. */
export function createAccountCalls<Content extends NewContent>(deps: AccountCallsDeps<Content>) {
  const { world, account, line, sent, templates, messages } = deps;
  const { accountSid } = account;
  const path = accountPath(accountSid);
  // The account's token may be exchanged.
  const authorization = () => `Basic ${Buffer.from(`${accountSid}:${account.authToken}`).toString("base64")}`;
  const oneMessage = new RegExp(`^${path}/Messages/(\\w+)\\.json$`);

  function describeAccount(): object {
    const began = new Date(world.clock.now()).toUTCString();
    return {
      sid: accountSid,
      owner_account_sid: accountSid,
      friendly_name: "Simulated",
      status: "active",
      type: "Full",
      date_created: began,
      date_updated: began,
      uri: `${path}.json`,
      subresource_uris: { messages: `${path}/Messages.json` },
    };
  }

  async function createMessage(payload: Record<string, unknown>): Promise<ApiAnswer> {
    const content = messages.read(payload);
    if ("status" in content) return content;
    if (content.mediaUrl === null) return { status: 201, body: messages.send(content, null) };
    const file = await fetchMedia(world, content.mediaUrl);
    return { status: 201, body: messages.send(content, addFile(line, messages.nextSid("ME"), file)) };
  }

  function createTemplate(payload: Record<string, unknown>): ApiAnswer {
    const template = readTemplate(messages.nextSid("HX"), payload);
    templates.set(template.sid, template);
    const date_created = new Date(world.clock.now()).toISOString();
    return { status: 201, body: { ...payload, sid: template.sid, account_sid: accountSid, date_created } };
  }

  return async (call: ApiCall, at: string): Promise<ApiAnswer> => {
    const { method, payload, query, headers } = call;
    if (headers.authorization !== authorization()) return refuse(401, 20003, "Authenticate");
    const file = line.files.get(/\/Media\/(ME\w+)$/.exec(at)?.[1] ?? "");
    if (file) return { status: 200, headers: { "content-type": file.contentType }, body: file.bytes };
    if (method === "GET" && at === `${path}.json`) return ok(describeAccount());
    if (at === `${path}/Messages.json`)
      return method === "POST" ? createMessage(payload) : ok(sent.list(query));
    const message = sent.find(oneMessage.exec(at)?.[1]);
    if (message !== undefined) return ok(message);
    if (method === "POST" && at === "/v1/Content") return createTemplate(payload);
    return messages.others(call, at) ?? refuse(404, 20404, `The requested resource ${at} was not found`);
  };
}
