import type { JsonObject } from "../../core/text/json.ts";

/** A value that a channel reads from an environment variable. */
export interface RecipeVariable {
  /** The key of the channel. */
  key: string;
  variable: string;
  /** The place where people find the value; null: it is made up here. */
  find: string | null;
}

/** The address of the service, and the name of the new channel. */
export interface ServiceAddress {
  publicUrl: { url: string; isPublic: boolean };
  name: string;
}

/** A new channel of a kind. */
export interface ChannelRecipe {
  settings: JsonObject;
  variables: readonly RecipeVariable[];
  /** The key for another address of the platform's API; null: there is none. */
  apiKey: string | null;
  /** The steps that remain to do on the platform. */
  next(at: ServiceAddress): readonly string[];
}

/** The recipes of a kind, by the word for `--by`. The first is used unless `isPublic` names another. */
export interface KindRecipes {
  by: Readonly<Record<string, ChannelRecipe>>;
  /** The recipe for a service with a public address. */
  atPublicUrl: string;
  /** The recipe for a service without one. */
  otherwise: string;
}

/** The address at which a platform calls the channel. */
export function webhook({ publicUrl, name }: ServiceAddress): string {
  const path = `/webhooks/${encodeURIComponent(name)}`;
  if (publicUrl.isPublic) return `${publicUrl.url}${path}`;
  return `CAUSEWAY_PUBLIC_URL${path} (first set CAUSEWAY_PUBLIC_URL to the https address of this service)`;
}

/** The recipes of a kind that can be added in one way only. */
export function only(recipe: ChannelRecipe): KindRecipes {
  return { by: { standard: recipe }, atPublicUrl: "standard", otherwise: "standard" };
}
