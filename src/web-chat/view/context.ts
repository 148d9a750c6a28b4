import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ApiClient } from "../chat/api-client.ts";
import type { Conversation } from "../chat/conversation.ts";
import type { Times } from "./times.ts";

/** The shared objects of all parts of the view. */
export interface ViewContext {
  conversation: Conversation;
  api: ApiClient;
  times: Times;
  /** The bot's name. */
  title: string;
}

const Context = createContext<ViewContext | null>(null);

export const ViewProvider = Context.Provider;

export function useView(): ViewContext {
  const view = useContext(Context);
  if (!view) throw new Error("a part of the chat is outside of it");
  return view;
}
