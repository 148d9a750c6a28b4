import type { WireButton } from "../chat/wire.ts";
import { safeUrl } from "../markdown/links.ts";
import { useView } from "./context.ts";
import { Icon } from "./icons.tsx";

/** Answers to choose from. One that leads elsewhere stays a link; the others can be given as long as nobody has spoken since. */
export function QuickReplies(props: { buttons: readonly WireButton[]; isAnswerable: boolean }) {
  const { conversation } = useView();
  return (
    <div class="choices" part="choices">
      {props.buttons.map(({ label, payload, url }) => {
        const target = url ? safeUrl(url) : null;
        if (target !== null) {
          return (
            <a class="choice" key={label} href={target} target="_blank" rel="noopener noreferrer" dir="auto">
              {label} <Icon name="away" />
            </a>
          );
        }
        const press = () => conversation.send({ content: label, payload: payload ?? label });
        return (
          <button
            type="button"
            class="choice"
            part="choice"
            key={label}
            dir="auto"
            disabled={!props.isAnswerable || Boolean(url)}
            onClick={press}
          >
            {label}
          </button>
        );
      })}
    </div>
  );
}
