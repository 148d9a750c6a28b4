import { addFile, type Line, type StoredFile } from "../line/line.ts";
import type { TwilioForm } from "../twilio/webhook.ts";
import type { ProviderEvents } from "./provider.ts";
import { vcardOf } from "./things.ts";
import type { TwilioAccount } from "./twilio.ts";
import { messageForm, reactionForm, statusForm } from "./twilio-forms.ts";

export interface TwilioEventsDeps {
  account: TwilioAccount;
  line: Line;
  post(form: TwilioForm): void;
  /** The URL that a send gave for its receipts, by message id. */
  callbacks: ReadonlyMap<string, string>;
  nextFileId(): string;
  /** The URL from which the bot loads a file. */
  urlOf(file: StoredFile): string;
}

/** Messages, reactions and receipts in the format of Twilio. */
export function twilioEvents(deps: TwilioEventsDeps): ProviderEvents {
  const { account, line, post, callbacks } = deps;
  return {
    message(chat, message, pressed) {
      if (line.webhookUrl === null) return;
      const { thing } = message;
      const file =
        thing?.kind === "contact" ? addFile(line, deps.nextFileId(), vcardOf(thing)) : message.file;
      const media = file && { contentType: file.contentType, url: deps.urlOf(file) };
      const params = messageForm(account, chat, message, pressed, media);
      post({ chat: chat.number, url: line.webhookUrl, name: "message", params });
    },
    reaction(chat, { id }, reaction) {
      if (line.webhookUrl === null) return;
      const params = reactionForm(account, chat, id, reaction);
      post({ chat: chat.number, url: line.webhookUrl, name: "message", params });
    },
    status(chat, { id }, receipt, failure) {
      const url = callbacks.get(id);
      // Twilio does not report that a voice message was played.
      if (url === undefined || receipt === "played") return;
      const status = failure === null ? receipt : failure.code === 63016 ? "failed" : "undelivered";
      const params = statusForm(account, chat, id, { status, isRead: receipt === "read", failure });
      post({ chat: chat.number, url, name: `status ${status}`, params });
    },
  };
}
