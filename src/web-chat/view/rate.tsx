import type { Ref } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { COMMENT_LIMIT } from "../../core/message/rating.ts";
import type { WireFeedback, WireMessage } from "../chat/wire.ts";
import { useWords } from "../locales/words.ts";
import rateCss from "../style/rate.css?inline";
import { useView } from "./context.ts";
import { styleOf, wearStyle } from "./wear-style.ts";

/** Drawn for this chat, on a grid of 24. */
const PATHS = {
  up: "M7 11v9H4v-9zM7 11l4-8a2.5 2.5 0 0 1 2.4 3.1L12.6 9H18a2 2 0 0 1 2 2.3l-1.2 7A2 2 0 0 1 16.8 20H7",
  down: "M17 13V4h3v9zM17 13l-4 8a2.5 2.5 0 0 1-2.4-3.1l.8-2.9H6a2 2 0 0 1-2-2.3l1.2-7A2 2 0 0 1 7.2 4H17",
} as const;

const style = styleOf(rateCss);

/** Thumbs for an answer. A press opens a field for a comment, which may stay empty. A second press takes it back. */
export function Rate({ message }: { message: WireMessage }) {
  const { api, conversation } = useView();
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const [isThanked, setThanked] = useState(false);
  const pressed = useRef<HTMLButtonElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const given = message.feedback ?? null;
  useLayoutEffect(() => wearStyle(place.current, style), []);

  /** Returns false if it failed, which a notice then tells. */
  const send = (rating: { rating: WireFeedback["rating"] | null; comment?: string }) =>
    conversation.attempt(async () => {
      const path = `/sessions/${message.session_id}/messages/${message.id}/feedback`;
      const rated = await api.asVisitor<WireMessage>("POST", path, rating);
      // Meanwhile another session may have been opened.
      if (conversation.state().sessionId === rated.session_id) conversation.take([rated]);
    }, "notDone");

  async function press(pressed: WireFeedback["rating"]): Promise<void> {
    const rating = given?.rating === pressed ? null : pressed;
    if (!(await send({ rating }))) return;
    setOpen(rating !== null);
    setThanked(false);
  }

  async function comment(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("comment");
    const text = (field as HTMLInputElement).value.trim();
    if (given === null || (text !== "" && !(await send({ rating: given.rating, comment: text })))) return;
    setThanked(true);
    close();
  }

  function close(): void {
    setOpen(false);
    pressed.current?.focus();
  }

  const thumb = (rating: WireFeedback["rating"]) => (
    <Thumb
      rating={rating}
      isGiven={given?.rating === rating}
      place={given?.rating === rating ? pressed : null}
      onPress={() => void press(rating)}
    />
  );

  return (
    <div class={`rate ${given ? "given" : ""}`} part="rate" ref={place}>
      {thumb("up")}
      {thumb("down")}
      <span class="thanks" role="status">
        {isThanked && words.thanks}
      </span>
      {isOpen && (
        <Reason
          comment={given?.comment ?? ""}
          onSubmit={(event) => void comment(event)}
          onKeyDown={onEscape(close)}
        />
      )}
    </div>
  );
}

function Thumb(props: {
  rating: WireFeedback["rating"];
  isGiven: boolean;
  place: Ref<HTMLButtonElement>;
  onPress: () => void;
}) {
  const { rating } = props;
  const words = useWords();
  const label = rating === "up" ? words.rateUp : words.rateDown;
  return (
    <button
      type="button"
      class="thumb"
      aria-pressed={props.isGiven}
      aria-label={label}
      title={label}
      ref={props.place}
      onClick={props.onPress}
    >
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <path d={PATHS[rating]} />
      </svg>
    </button>
  );
}

function Reason(props: {
  comment: string;
  onSubmit: (event: SubmitEvent) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  const words = useWords();
  return (
    <form class="reason" onSubmit={props.onSubmit} onKeyDown={props.onKeyDown}>
      <input
        name="comment"
        type="text"
        dir="auto"
        maxLength={COMMENT_LIMIT}
        aria-label={words.why}
        placeholder={words.why}
        defaultValue={props.comment}
      />
      <button type="submit" class="link">
        {words.send}
      </button>
    </form>
  );
}

/** Escape closes only the field, and not the whole chat. */
const onEscape = (close: () => void) => (event: KeyboardEvent) => {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  close();
};
