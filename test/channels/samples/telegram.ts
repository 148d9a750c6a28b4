import { definition } from "../../../src/channels/telegram/index.ts";
import { formatMarkdown } from "../../../src/channels/telegram/markdown.ts";
import { TELEGRAM_SECRET } from "../../security/secrets.ts";
import type { TextForm } from "../formatting/text-form.ts";
import { type KindSamples, NOWHERE } from "../samples.ts";
import { updateWith } from "../telegram-subject.ts";

const text: TextForm = {
  definition,
  text: (markdown) => formatMarkdown(markdown).text,
  visible(markdown) {
    const { text: written, entities } = formatMarkdown(markdown);
    return written + entities.map((entity) => (entity.type === "text_link" ? entity.url : "")).join("");
  },
  shown(markdown) {
    const { text: written, entities } = formatMarkdown(markdown);
    const opens = (at: number) => entities.filter((each) => each.offset === at);
    const closes = (at: number) => entities.filter((each) => each.offset + each.length === at);
    return Array.from({ length: written.length + 1 }, (_, at) =>
      [
        ...closes(at).map(() => "⟩"),
        ...opens(at).map((each) => `⟨${each.type}${each.type === "text_link" ? ` ${each.url}` : ""}: `),
        written[at] ?? "",
      ].join(""),
    ).join("");
  },
};

export const samples: KindSamples = {
  channels: [
    {
      name: "telegram",
      config: {
        token: "4242:TEST-token_secret",
        secretToken: TELEGRAM_SECRET,
        username: "causeway_bot",
        apiRoot: NOWHERE,
      },
      webhook: {
        body({ text = "hello", person = 0 } = {}) {
          const id = 777_001 + person;
          const names = { first_name: `Ada ${person}` };
          const from = { id, is_bot: false, language_code: "en", ...names };
          return JSON.stringify(updateWith({ text, from, chat: { id, type: "private", ...names } }));
        },
        sign: () => ({
          "content-type": "application/json",
          "x-telegram-bot-api-secret-token": TELEGRAM_SECRET,
        }),
        signsBody: false,
      },
    },
  ],
  credentials: [{ token: "42:test", secretToken: "s" }],
  text,
};
