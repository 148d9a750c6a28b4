import { render } from "preact";
import type { ApiClient } from "../chat/api-client.ts";
import type { Conversation } from "../chat/conversation.ts";
import { english, type Locale, loadLocale } from "../locales/load.ts";
import { WordsContext } from "../locales/words.ts";
import chatCss from "../style/chat.css?inline";
import { ChatView } from "../view/chat-view.tsx";
import { ViewProvider } from "../view/context.ts";
import { createTimes } from "../view/times.ts";
import type { ChatOptions } from "./options.ts";

/** The picture of a chat in an element. It is drawn after every change, at most once a frame. */
export interface Drawing {
  draw(): void;
  drawSoon(): void;
  /** Loads the words of the language, then draws. */
  speak(): Promise<void>;
  /** @param takesFocus true if a person has just asked for it. */
  setShown(isShown: boolean, takesFocus: boolean): void;
  /** Screen readers say this text once. */
  announce(text: string): void;
  openResetDialog(): void;
  remove(): void;
}

export interface DrawingDeps {
  root: ShadowRoot;
  model: { api: ApiClient; conversation: Conversation };
  options: () => ChatOptions;
  title: () => string;
  onClose: () => void;
  /** Called if the number of unread messages has changed. */
  onUnread: (count: number) => void;
}

/** Draws the chat into an element's shadow root. */
export function createDrawing(deps: DrawingDeps): Drawing {
  const { root, model, options } = deps;
  const place = placeIn(root);
  const pageTitle = document.title;
  let locale: Locale = english;
  let times = createTimes(english.tag);
  let isOpen = false;
  let takesFocus = true;
  let announcement = "";
  let resetRequests = 0;
  let due = false;
  let told = 0;

  function drawSoon(): void {
    if (due) return;
    due = true;
    // A hidden page gets no frames, but its title must still change.
    if (document.hidden) setTimeout(draw, 100);
    else requestAnimationFrame(draw);
  }

  function draw(): void {
    due = false;
    const { mode, greeting } = options();
    const state = model.conversation.state();
    render(
      <WordsContext.Provider value={locale.words}>
        <ViewProvider value={{ ...model, times, title: deps.title() }}>
          <ChatView
            state={state}
            lang={locale.tag}
            dir={locale.direction}
            greeting={greeting || null}
            isShown={isOpen && !document.hidden}
            isPage={mode === "page"}
            announcement={announcement}
            resetRequests={resetRequests}
            takesFocus={root.activeElement !== null || (takesFocus && mode !== "inline")}
            onClose={mode === "floating" ? deps.onClose : null}
          />
        </ViewProvider>
      </WordsContext.Provider>,
      place,
    );
    showUnread(state.unread);
  }

  function showUnread(unread: number): void {
    const title = deps.title();
    if (options().mode === "page") document.title = unread > 0 ? `(${unread}) ${title}` : title || pageTitle;
    if (unread === told) return;
    told = unread;
    deps.onUnread(unread);
  }

  async function speak(): Promise<void> {
    const isPage = options().mode === "page";
    // The hosted page has no language, so it uses the visitor's.
    const ofPage = isPage ? "" : document.documentElement.lang;
    locale = await loadLocale([options().locale, ofPage, ...navigator.languages].filter(Boolean));
    if (isPage) document.documentElement.lang = locale.tag;
    times = createTimes(locale.tag);
    drawSoon();
  }

  return {
    draw,
    drawSoon,
    speak,
    setShown(isShown, asked) {
      isOpen = isShown;
      takesFocus = asked;
      drawSoon();
    },
    announce(text) {
      announcement = text;
    },
    openResetDialog() {
      resetRequests += 1;
      drawSoon();
    },
    remove() {
      render(null, place);
      place.remove();
    },
  };
}

function placeIn(root: ShadowRoot): HTMLElement {
  const stylesheet = new CSSStyleSheet();
  stylesheet.replaceSync(chatCss);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, stylesheet];
  const place = document.createElement("div");
  place.className = "panel";
  root.append(place);
  return place;
}
