import type { WireButton } from "../chat/wire.ts";
import { safeUrl } from "../markdown/links.ts";
import { useView } from "./context.ts";
import { Icon } from "./icons.tsx";

/** The visitor's message after the buttons. */
export interface Chosen {
  content: string;
  payload?: string | null;
}

/** Answers to choose from. An answer with a URL stays a link. The others can be pressed until somebody writes again. */
export function QuickReplies(props: {
  buttons: readonly WireButton[];
  isAnswerable: boolean;
  chosen: Chosen | null;
}) {
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
        const isChosen =
          props.chosen?.content === label && (props.chosen.payload ?? label) === (payload ?? label);
        return (
          <button
            type="button"
            class={`choice ${isChosen ? "chosen" : ""}`}
            aria-pressed={isChosen ? "true" : undefined}
            part="choice"
            key={label}
            dir="auto"
            disabled={!props.isAnswerable || Boolean(url)}
            onClick={press}
          >
            {isChosen && <Icon name="check" />}
            {label}
          </button>
        );
      })}
    </div>
  );
}
