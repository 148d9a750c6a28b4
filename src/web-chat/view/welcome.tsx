import type { WireChannel } from "../chat/wire.ts";
import { Markdown } from "../markdown/markdown.tsx";
import { useView } from "./context.ts";
import { memo } from "./memo.ts";

/** The start of a chat: the bot's name, its greeting, and suggested messages. */
export const Welcome = memo(function Welcome(props: {
  channel: WireChannel | null;
  greeting: string | null;
  isEmpty: boolean;
}) {
  const { conversation, title } = useView();
  const greeting = props.greeting ?? props.channel?.greeting ?? null;
  const starters = props.isEmpty ? (props.channel?.starters ?? []) : [];
  return (
    <div class={`welcome ${props.isEmpty ? "" : "small"}`} part="welcome">
      {props.isEmpty && <Avatar name={title} />}
      {props.isEmpty && (
        <p class="welcome-title" dir="auto">
          {title}
        </p>
      )}
      {greeting !== null && greeting !== "" && (
        <div class="greeting" dir="auto">
          <Markdown text={greeting} />
        </div>
      )}
      {starters.length > 0 && (
        <div class="choices">
          {starters.map((text) => (
            <button
              type="button"
              class="choice"
              part="choice"
              key={text}
              dir="auto"
              onClick={() => conversation.send({ content: text })}
            >
              {text}
            </button>
          ))}
        </div>
      )}
    </div>
  );
});

/** The first letter of a name, in a circle. */
export function Avatar({ name }: { name: string }) {
  const [first = ""] = name.trim();
  return (
    <span class="avatar" part="avatar" aria-hidden="true">
      {first.toLocaleUpperCase()}
    </span>
  );
}
