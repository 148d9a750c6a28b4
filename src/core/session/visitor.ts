/** A person who chats on a web channel: a row of `users`. */
export interface Visitor {
  id: string;
  /** `anon:<hash of the token>`, or `id:<sub>` for a person whom the host site identifies. */
  identifier: string;
  name: string | null;
  anonymous: boolean;
}

/** A visitor token and the identity that it proves. */
export interface VisitorPass {
  token: string;
  identifier: string;
  name: string | null;
  anonymous: boolean;
  /** Null: as long as the visitor exists. */
  expiresAt: Date | null;
}

/** Visitor authentication: who may use a web channel, and how they prove it. A session id alone gives no access. */
export interface VisitorAuth {
  /** Creates a new anonymous visitor. The token is not valid until the visitor is stored. */
  admitAnonymous(): VisitorPass;
  /** Exchanges the host site's identity token for a visitor token. */
  admitIdentified(
    identityToken: string,
  ):
    | { kind: "admitted"; pass: VisitorPass }
    | { kind: "refused"; status: 401 | 404; code: string; message: string };
  /** A token with a later expiry for the same visitor; null if a renewal is not possible any more. */
  renew(token: string): { token: string; expiresAt: Date | null } | null;
  /** The identifier of a token; null for a forged or expired one. The visitor must still exist. */
  identifierOf(token: string): string | null;
}
