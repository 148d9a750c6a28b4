import type { Conversation, SlackApp } from "./app.ts";
import { nameOf } from "./text.ts";

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
