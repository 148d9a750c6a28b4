import { agentMethods } from "./agent-methods.ts";
import { addFile, nextFileId } from "./app.ts";
import {
  deleteMessage,
  findConversation,
  growStream,
  isRefused,
  type MethodContext,
  type Payload,
  postMessage,
  refuse,
  type SlackAnswer,
  startStream,
  updateMessage,
} from "./chat-methods.ts";
import { addMessage, openConversation } from "./conversation.ts";
import { channelObject, fileObject, messageObject, userObject } from "./objects.ts";

/** Slack tells the type of an upload by its name. */
const TYPES: Readonly<Record<string, string>> = {
  ogg: "audio/ogg",
  mp3: "audio/mpeg",
  png: "image/png",
  jpg: "image/jpeg",
  pdf: "application/pdf",
};

type Method = (context: MethodContext, payload: Payload) => SlackAnswer;

/** The methods of the Web API by name, except those about sockets. */
export const methods: Readonly<Record<string, Method>> = {
  "api.test": () => ({ ok: true }),
  "auth.test": ({ app, root }) => ({
    ok: true,
    url: `${root}/`,
    team: "Simulated workspace",
    user: "causeway",
    user_id: app.ids.user,
    bot_id: app.ids.bot,
    team_id: app.ids.team,
    is_enterprise_install: false,
  }),
  "bots.info": ({ app }) => ({
    ok: true,
    bot: { id: app.ids.bot, app_id: app.ids.app, user_id: app.ids.user, name: "causeway", deleted: false },
  }),
  "users.info": ({ app }, { user }) => {
    const id = String(user);
    return id === app.ids.user || app.people.has(id)
      ? { ok: true, user: userObject(app, id) }
      : refuse("user_not_found");
  },
  "users.list": ({ app }) => ({
    ok: true,
    members: [app.ids.user, ...app.people.keys()].map((id) => userObject(app, id)),
    response_metadata: { next_cursor: "" },
  }),
  "conversations.info": (context, { channel }) => {
    const found = context.app.conversations.get(String(channel));
    if (found === undefined) return refuse("channel_not_found");
    return { ok: true, channel: channelObject(context.app, found) };
  },
  "conversations.open": ({ app }, { users }) => {
    const id = String(users ?? "");
    if (!app.people.has(id)) return refuse("user_not_found");
    return { ok: true, channel: { id: openConversation(app, id).id } };
  },
  "conversations.replies": (context, payload) => {
    const found = findConversation(context, payload.channel);
    if (isRefused(found)) return found;
    const thread = found.messages.filter(({ ts, threadTs }) => ts === payload.ts || threadTs === payload.ts);
    if (thread.length === 0) return refuse("thread_not_found");
    return listed(context, thread, payload);
  },
  "conversations.history": (context, payload) => {
    const found = findConversation(context, payload.channel);
    if (isRefused(found)) return found;
    return listed(context, found.messages.filter(({ threadTs }) => threadTs === null).reverse(), payload);
  },
  "chat.postMessage": postMessage,
  "chat.postEphemeral": postMessage,
  "chat.update": updateMessage,
  "chat.delete": deleteMessage,
  "chat.startStream": startStream,
  "chat.appendStream": (context, payload) => growStream(context, payload, false),
  "chat.stopStream": (context, payload) => growStream(context, payload, true),
  ...agentMethods,
  "files.info": ({ app, root }, { file }) => {
    const found = app.files.get(String(file));
    return found === undefined ? refuse("file_not_found") : { ok: true, file: fileObject(found, root) };
  },
  "files.getUploadURLExternal": ({ app, root }, { filename, length }) => {
    if (typeof filename !== "string" || !(Number(length) > 0)) return refuse("invalid_arguments");
    const id = nextFileId(app);
    app.uploads.set(id, { name: filename, bytes: null });
    return { ok: true, upload_url: `${root}/upload/${id}`, file_id: id };
  },
  "files.completeUploadExternal": completeUpload,
};

function completeUpload(context: MethodContext, payload: Payload): SlackAnswer {
  const { app, world, root } = context;
  const given: unknown = typeof payload.files === "string" ? JSON.parse(payload.files) : payload.files;
  const ids = Array.isArray(given) ? given.map(({ id }: { id: string }) => id) : [];
  const uploads = ids.map((id) => app.uploads.get(id));
  if (ids.length === 0 || uploads.some((upload) => upload?.bytes == null)) return refuse("invalid_arguments");
  const files = uploads.map((upload) =>
    addFile(app, {
      name: upload?.name ?? "file",
      contentType: TYPES[upload?.name.split(".").at(-1) ?? ""] ?? "application/octet-stream",
      bytes: upload?.bytes ?? Buffer.alloc(0),
    }),
  );
  if (payload.channel_id !== undefined) {
    const found = findConversation(context, payload.channel_id);
    if (isRefused(found)) return found;
    const threadTs = typeof payload.thread_ts === "string" ? payload.thread_ts : null;
    const message = addMessage(app, found, world.clock.seconds(), {
      threadTs,
      text: String(payload.initial_comment ?? ""),
      files,
    });
    // An upload does not tell the timestamp of its message. This event does.
    context.tell(found.id, {
      ...messageObject(app, message, root),
      subtype: "file_share",
      channel: found.id,
      channel_type: found.isDirect ? "im" : "channel",
    });
    if (threadTs !== null) found.statuses.delete(threadTs);
    world.changed();
  }
  for (const id of ids) app.uploads.delete(id);
  return { ok: true, files: files.map((file) => fileObject(file, root)) };
}

function listed(
  { app, root }: MethodContext,
  messages: readonly Parameters<typeof messageObject>[1][],
  { oldest, latest, inclusive, limit }: Payload,
): SlackAnswer {
  const isInclusive = inclusive === true || inclusive === "true";
  const isWithin = (ts: number) =>
    (latest === undefined || ts < Number(latest) || (isInclusive && ts === Number(latest))) &&
    (oldest === undefined || ts > Number(oldest) || (isInclusive && ts === Number(oldest)));
  const within = messages.filter(({ ts, threadTs }) => threadTs === null || isWithin(Number(ts)));
  const most = Math.min(1_000, Number(limit ?? 100) || 100);
  const shown = within.slice(0, most).map((message) => messageObject(app, message, root));
  return {
    ok: true,
    messages: shown,
    has_more: within.length > most,
    response_metadata: { next_cursor: "" },
  };
}
