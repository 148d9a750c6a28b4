import { ATTRIBUTES, readOptions, scopeOf } from "../panel/options.ts";
import type { Panel } from "../panel/panel.ts";
import launcherCss from "./launcher.css?inline";
import { drawLauncher } from "./launcher.ts";

/** The Causeway of the loader. The loader is in `/widget/v1/`, and the root is two levels up. */
const HOME = new URL(/* @vite-ignore */ "../../", import.meta.url).href;

const stylesheet = new CSSStyleSheet();
stylesheet.replaceSync(launcherCss);

/**
 * `<causeway-chat>`: a launcher that fetches the chat when it is first opened. Earlier calls wait for the chat. See
 * src/channels/web/README.md for its attributes, methods, events and custom properties.
 */
export class CausewayChat extends HTMLElement {
  static observedAttributes = ATTRIBUTES;

  /** Removed for good, so the code that restores elements after a page change ignores it. */
  isOver = false;
  readonly #root = this.attachShadow({ mode: "open" });
  readonly #launcher = drawLauncher(() => void this.toggle());
  #panel: Promise<Panel> | null = null;
  #isOpen = false;
  #isPaused = false;

  connectedCallback(): void {
    this.#root.adoptedStyleSheets = [stylesheet, ...this.#root.adoptedStyleSheets.slice(1)];
    const { mode } = readOptions(this, HOME);
    if (mode === "floating") this.#root.append(this.#launcher.node);
    if (this.#panel) this.#resume();
    else if (mode !== "floating" || this.hasAttribute("open")) void this.open();
    else if (this.#wasOpen()) void this.#reopen();
    else if (this.hasAttribute("identity-token") || this.#isKnown()) {
      // A returning visitor may have an unread answer.
      (globalThis.requestIdleCallback ?? setTimeout)(() => void this.#load());
    }
  }

  /** The page removed or only moved the element. The messages stay until the element is gone for good. */
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected || !this.#panel) return;
      this.#isPaused = true;
      void this.#panel.then((panel) => panel.pause());
    });
  }

  #resume(): void {
    if (this.#isPaused) void this.#panel?.then((panel) => panel.resume());
    this.#isPaused = false;
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (before === value || !this.isConnected) return;
    if (name === "open") void (value === null ? this.close() : this.open());
    else if (name === "identity-token") void (value === null ? this.logout() : this.identify(value));
    else void this.#panel?.then((panel) => panel.configure(readOptions(this, HOME)));
  }

  async open(): Promise<void> {
    this.#show(true);
    const panel = await this.#load();
    if (this.#isOpen) panel.setShown(true);
  }

  /** The chat was open on the previous page in this tab, so it opens here too, without taking the focus. */
  async #reopen(): Promise<void> {
    this.#show(true);
    const panel = await this.#load();
    if (this.#isOpen) panel.setShown(true, false);
  }

  async close(): Promise<void> {
    if (readOptions(this, HOME).mode !== "floating") return;
    this.#show(false);
    (await this.#panel)?.setShown(false);
    this.#launcher.node.focus();
  }

  toggle(): Promise<void> {
    return this.#isOpen ? this.close() : this.open();
  }

  /** Sends a message as the visitor. */
  async send(content: string): Promise<void> {
    (await this.#load()).send(content);
  }

  async newSession(): Promise<void> {
    (await this.#load()).newSession();
  }

  async switchSession(sessionId: string): Promise<void> {
    await (await this.#load()).switchSession(sessionId);
  }

  /** Asks the visitor. With a choice it starts over at once. */
  async reset(choice?: { prompt?: string; triggerEvents?: boolean }): Promise<void> {
    if (!choice) await this.open();
    await (await this.#load()).reset(choice);
  }

  async identify(identityToken: string): Promise<void> {
    await (await this.#load()).identify(identityToken);
  }

  async logout(): Promise<void> {
    await (await this.#load()).logout();
  }

  /** Ends every connection and removes the element. */
  async destroy(): Promise<void> {
    this.isOver = true;
    this.remove();
    (await this.#panel)?.destroy();
    this.#panel = null;
  }

  #show(isOpen: boolean): void {
    if (this.#isOpen === isOpen) return;
    this.#isOpen = isOpen;
    this.#launcher.setOpen(isOpen);
    this.toggleAttribute("open", isOpen);
    this.#remember(isOpen);
    this.dispatchEvent(
      new CustomEvent(`causeway:${isOpen ? "open" : "close"}`, { bubbles: true, composed: true }),
    );
  }

  #load(): Promise<Panel> {
    this.#panel ??= import("../panel/panel.ts")
      .then(({ createPanel }) => {
        const options = readOptions(this, HOME);
        return createPanel({
          host: this,
          root: this.#root,
          options,
          scope: scopeOf(options),
          onClose: () => void this.close(),
          onUnread: (count) => this.#launcher.setUnread(count),
        });
      })
      .catch((error: unknown) => {
        // The next press tries again.
        this.#panel = null;
        this.#show(false);
        throw error;
      });
    return this.#panel;
  }

  #openKey(): string {
    return `causeway:${scopeOf(readOptions(this, HOME))}:open`;
  }

  #remember(isOpen: boolean): void {
    const { mode, persist } = readOptions(this, HOME);
    if (mode !== "floating" || persist === "none") return;
    try {
      if (isOpen) sessionStorage.setItem(this.#openKey(), "1");
      else sessionStorage.removeItem(this.#openKey());
    } catch {
      // With blocked storage, the chat is closed on the next page.
    }
  }

  #wasOpen(): boolean {
    try {
      return readOptions(this, HOME).persist !== "none" && sessionStorage.getItem(this.#openKey()) !== null;
    } catch {
      return false;
    }
  }

  #isKnown(): boolean {
    const key = `causeway:${scopeOf(readOptions(this, HOME))}:visitor`;
    try {
      return (localStorage.getItem(key) ?? sessionStorage.getItem(key)) !== null;
    } catch {
      return false;
    }
  }
}
