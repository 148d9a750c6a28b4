import { badRequest, type Outcome, ok } from "./answers.ts";
import type { Bot } from "./bot.ts";
import type { Parameters } from "./content.ts";
import {
  answerCallbackQuery,
  changeForumTopic,
  createForumTopic,
  deleteMessage,
  editReplyMarkup,
  editText,
} from "./edit-methods.ts";
import { chatObject } from "./objects.ts";
import { findChat } from "./places.ts";
import {
  type MethodContext,
  mediaMethods,
  sendChatAction,
  sendMessage,
  sendMessageDraft,
  sendRichMessage,
  sendRichMessageDraft,
} from "./send-methods.ts";

type Method = (context: MethodContext, payload: Parameters) => Outcome | Promise<Outcome>;

/** The methods of the Bot API by their names in lower case, except those about updates. */
export const methods: Readonly<Record<string, Method>> = {
  getme: ({ bot }) =>
    ok({
      ...bot.me,
      can_join_groups: true,
      can_read_all_group_messages: true,
      supports_inline_queries: false,
      can_connect_to_business: true,
      has_main_web_app: false,
    }),
  logout: () => ok(true),
  close: () => ok(true),
  sendmessage: sendMessage,
  ...mediaMethods(),
  sendchataction: sendChatAction,
  sendmessagedraft: sendMessageDraft,
  sendrichmessage: sendRichMessage,
  sendrichmessagedraft: sendRichMessageDraft,
  editmessagetext: (context, payload) => editText(context, payload, "text"),
  editmessagecaption: (context, payload) => editText(context, payload, "caption"),
  editmessagereplymarkup: editReplyMarkup,
  deletemessage: deleteMessage,
  answercallbackquery: answerCallbackQuery,
  createforumtopic: createForumTopic,
  editforumtopic: (context, payload) => changeForumTopic(context, payload, {}),
  closeforumtopic: (context, payload) => changeForumTopic(context, payload, { isClosed: true }),
  reopenforumtopic: (context, payload) => changeForumTopic(context, payload, { isClosed: false }),
  deleteforumtopic: (context, payload) => changeForumTopic(context, payload, { isDeleted: true }),
  setmycommands: ({ bot }, { commands }) => {
    if (!commandsAreValid(commands)) return badRequest("BOT_COMMAND_INVALID");
    bot.commands = commands;
    return ok(true);
  },
  getmycommands: ({ bot }) => ok(bot.commands),
  deletemycommands: ({ bot }) => {
    bot.commands = [];
    return ok(true);
  },
  getchat: ({ bot }, payload) => {
    const chat = findChat(bot, payload);
    return chat === null ? badRequest("chat not found") : ok(chatObject(chat));
  },
  getchatmember: ({ bot }, payload) => {
    const chat = findChat(bot, payload);
    const id = Number(payload.user_id);
    if (chat === null) return badRequest("chat not found");
    if (id === bot.me.id) return ok({ status: "administrator", user: bot.me, can_manage_topics: true });
    const user = chat.users.get(id);
    return user === undefined ? badRequest("PARTICIPANT_ID_INVALID") : ok({ status: "member", user });
  },
  getfile: ({ bot }, { file_id }) => {
    const file = bot.files.get(String(file_id));
    if (file === undefined) return badRequest("invalid file_id");
    if (file.bytes.length > 20_000_000) return badRequest("file is too big");
    const { fileId, path, bytes } = file;
    return ok({
      file_id: fileId,
      file_unique_id: `U${fileId.slice(-9)}`,
      file_size: bytes.length,
      file_path: path,
    });
  },
};

/** Parameters that forms carry as JSON text. */
const OBJECTS = [
  "reply_markup",
  "entities",
  "caption_entities",
  "reply_parameters",
  "allowed_updates",
  "commands",
  "rich_message",
];

/** The parameters of a call, with the JSON texts of forms read. Null: one of them is no JSON. */
export function readParameters(payload: Parameters): Parameters | null {
  const read = { ...payload };
  for (const name of OBJECTS) {
    const value = read[name];
    if (typeof value !== "string") continue;
    try {
      read[name] = JSON.parse(value);
    } catch {
      return null;
    }
  }
  return read;
}

function commandsAreValid(commands: unknown): commands is Bot["commands"] {
  return (
    Array.isArray(commands) &&
    commands.length <= 100 &&
    commands.every(
      ({ command, description }) =>
        /^[a-z0-9_]{1,32}$/.test(String(command)) &&
        String(description).length >= 1 &&
        String(description).length <= 256,
    )
  );
}
