import { render } from "preact";
import { createApiClient } from "../chat/api-client.ts";
import type { CallError } from "../chat/call-error.ts";
import { createConversation } from "../chat/conversation.ts";
import { tellDevelopers } from "../chat/tell-developers.ts";
import { createVisitor } from "../chat/visitor.ts";
import { createVisitorStore } from "../chat/visitor-store.ts";
import type { WireMessage } from "../chat/wire.ts";
import { english, type Locale, loadLocale } from "../locales/load.ts";
import { WordsContext } from "../locales/words.ts";
import { plainText } from "../markdown/plain-text.ts";
import chatCss from "../style/chat.css?inline";
import { ChatView } from "../view/chat-view.tsx";
import { ViewProvider } from "../view/context.ts";
import { createTimes } from "../view/times.ts";
import type { ChatOptions } from "./options.ts";
import { listenToPage } from "./page-events.ts";

/** The chat behind an element. */
export interface Panel {
  /** @param takesFocus true if a person has just asked for it. */
  setShown(isShown: boolean, takesFocus?: boolean): void;
  configure(options: ChatOptions): void;
  send(content: string): void;
  newSession(): void;
  switchSession(sessionId: string): Promise<void>;
  reset(choice?: { prompt?: string; triggerEvents?: boolean }): Promise<void>;
  identify(identityToken: string): Promise<void>;
  logout(): void;
  /** Removed from the page: no connections, but no data is lost. */
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface PanelDeps {
  host: HTMLElement;
  root: ShadowRoot;
  options: ChatOptions;
  /** The name of the browser's stored data. */
  scope: string;
  onClose: () => void;
  onUnread: (count: number) => void;
}

/** Builds the chat into an element's shadow root. It draws after every change, at most once a frame. */
export async function createPanel(deps: PanelDeps): Promise<Panel> {
  const { host, root, scope } = deps;
  let { options } = deps;
  const base = `${options.base}web/${encodeURIComponent(options.channel)}`;
  const store = createVisitorStore(scope, options.persist);
  const visitor = createVisitor({ base, store, lockName: `causeway:${scope}:admission` });
  const api = createApiClient({ base, visitor, onRefusal });
  const place = document.createElement("div");
  const pageTitle = document.title;
  let locale: Locale = english;
  let times = createTimes(english.tag);
  let isOpen = false;
  let takesFocus = true;
  let announcement = "";
  let resetRequests = 0;
  let due = false;
  let told = 0;

  const conversation = createConversation({
    api,
    visitor,
    store,
    scope,
    listener: {
      onChange: drawSoon,
      onMessage,
      onSession: (id) => emit("session", { id }),
      onEnded: (id) => emit("session-ended", { id }),
      onIdentityExpired: () => emit("identity-expired", {}),
      onForgotten() {
        announcement = "";
      },
    },
  });

  function onRefusal(refusal: CallError | null): void {
    conversation.setRefused(refusal !== null);
    if (!refusal) return;
    void import("./how-to-admit.ts").then(({ howToAdmit }) => tellDevelopers(howToAdmit(refusal, options)));
  }

  function emit(name: string, detail: Record<string, unknown>): void {
    host.dispatchEvent(new CustomEvent(`causeway:${name}`, { detail, bubbles: true, composed: true }));
  }

  function onMessage(message: WireMessage): void {
    const { id, session_id, role, content } = message;
    emit("message", { id, sessionId: session_id, role, content });
    if (role === "assistant") announcement = `${titleOf()}: ${plainText(content)}`;
  }

  const titleOf = () => options.heading || conversation.state().channel?.title || "Chat";

  function drawSoon(): void {
    if (due) return;
    due = true;
    // A hidden page gets no frames, but its title must still change.
    if (document.hidden) setTimeout(draw, 100);
    else requestAnimationFrame(draw);
  }

  function draw(): void {
    due = false;
    const state = conversation.state();
    const title = titleOf();
    const isFloating = options.mode === "floating";
    render(
      <WordsContext.Provider value={locale.words}>
        <ViewProvider value={{ conversation, api, times, title }}>
          <ChatView
            state={state}
            lang={locale.tag}
            dir={locale.direction}
            greeting={options.greeting || null}
            isShown={isOpen && !document.hidden}
            isPage={options.mode === "page"}
            announcement={announcement}
            resetRequests={resetRequests}
            takesFocus={root.activeElement !== null || (takesFocus && options.mode !== "inline")}
            onClose={isFloating ? deps.onClose : null}
          />
        </ViewProvider>
      </WordsContext.Provider>,
      place,
    );
    showUnread(state.unread);
  }

  function showUnread(unread: number): void {
    if (options.mode === "page")
      document.title = unread > 0 ? `(${unread}) ${titleOf()}` : titleOf() || pageTitle;
    if (unread === told) return;
    told = unread;
    deps.onUnread(unread);
    emit("unread", { count: unread });
  }

  async function speak(): Promise<void> {
    // The hosted page has no language, so it uses the visitor's.
    const ofPage = options.mode === "page" ? "" : document.documentElement.lang;
    locale = await loadLocale([options.locale, ofPage, ...navigator.languages].filter(Boolean));
    if (options.mode === "page") document.documentElement.lang = locale.tag;
    times = createTimes(locale.tag);
    drawSoon();
  }

  const listen = () =>
    listenToPage({
      storageKey: `causeway:${scope}:visitor`,
      onVisibility: drawSoon,
      hasUnsent: conversation.hasUnsent,
      onVisitor: (change) => void conversation.visitorChanged(change),
    });

  const stylesheet = new CSSStyleSheet();
  stylesheet.replaceSync(chatCss);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, stylesheet];
  place.className = "panel";
  root.append(place);
  await speak();
  let unlisten = listen();
  const identityToken = host.getAttribute("identity-token");
  if (identityToken) {
    await conversation.identify(identityToken).catch(() => emit("identity-expired", {}));
  }
  draw();
  void conversation.start();
  emit("ready", {});

  return {
    setShown(isShown, asked = true) {
      isOpen = isShown;
      takesFocus = asked;
      drawSoon();
    },
    configure(next) {
      const isOther = next.locale !== options.locale;
      options = next;
      if (isOther) void speak();
      drawSoon();
    },
    send: (content) => conversation.send({ content }),
    newSession: () => conversation.startNew(),
    switchSession: async (sessionId) => void (await conversation.open(sessionId)),
    async reset(choice) {
      if (choice) {
        const { prompt = null, triggerEvents = true } = choice;
        return conversation.reset({ prompt, triggerEvents });
      }
      resetRequests += 1;
      drawSoon();
    },
    identify: (identityToken) => conversation.identify(identityToken),
    logout: () => conversation.logout(),
    pause() {
      unlisten();
      conversation.destroy();
    },
    resume() {
      unlisten = listen();
      void conversation.start();
    },
    destroy() {
      unlisten();
      conversation.destroy();
      render(null, place);
      place.remove();
    },
  };
}
