import type { SlackApp, SlackFile } from "./app.ts";
import type { Conversation, StoredMessage } from "./conversation.ts";
import { nameOf } from "./people.ts";

/** A person, or the app's own user, as the Web API describes them. */
export function userObject(app: SlackApp, id: string): Record<string, unknown> {
  const name = nameOf(app, id);
  return {
    id,
    team_id: app.ids.team,
    name: name.toLowerCase(),
    real_name: name,
    profile: {
      title: "",
      phone: "",
      real_name: name,
      real_name_normalized: name,
      display_name: name,
      display_name_normalized: name,
      status_text: "",
      status_emoji: "",
      status_expiration: 0,
      team: app.ids.team,
    },
    deleted: false,
    is_admin: false,
    is_bot: id === app.ids.user,
  };
}

/** A conversation as the Web API describes it. */
export function channelObject(app: SlackApp, { id, title, isDirect }: Conversation): Record<string, unknown> {
  const creator = app.ids.user;
  const nothingSaid = { value: "", creator, last_set: 0 };
  return {
    id,
    name: title,
    name_normalized: title.toLowerCase(),
    is_im: isDirect,
    is_mpim: false,
    is_group: false,
    is_channel: !isDirect,
    is_private: isDirect,
    is_archived: false,
    is_member: true,
    created: 0,
    creator,
    topic: nothingSaid,
    purpose: nothingSaid,
    num_members: 1 + app.people.size,
  };
}

/** A file as events and `files.info` describe it. */
export function fileObject(
  { id, name, contentType, bytes }: SlackFile,
  root: string,
): Record<string, unknown> {
  const url = `${root}/files/${id}/${encodeURIComponent(name)}`;
  return {
    id,
    name,
    title: name,
    mimetype: contentType,
    filetype: name.split(".").at(-1),
    size: bytes.length,
    mode: "hosted",
    url_private: url,
    url_private_download: url,
    file_access: "visible",
  };
}

/** A message as `conversations.replies` and events describe it. */
export function messageObject(app: SlackApp, message: StoredMessage, root: string): Record<string, unknown> {
  const { ts, threadTs, user, text, blocks, files, isEdited } = message;
  const by =
    user === null
      ? { user: app.ids.user, bot_id: app.ids.bot, app_id: app.ids.app }
      : { user, client_msg_id: `client-${ts}` };
  return {
    type: "message",
    ts,
    ...by,
    team: app.ids.team,
    text,
    ...(threadTs === null ? {} : { thread_ts: threadTs }),
    ...(blocks.length === 0 ? {} : { blocks }),
    ...(files.length === 0 ? {} : { files: files.map((file) => fileObject(file, root)) }),
    ...(isEdited ? { edited: { user: app.ids.user, ts } } : {}),
  };
}
