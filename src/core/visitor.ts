/** Somebody chatting on a web channel: a row of `users`. */
export interface Visitor {
  id: string;
  /** `anon:<hash of the token>`, or `id:<sub>` of somebody the host site vouches for. */
  identifier: string;
  name: string | null;
  anonymous: boolean;
}

/** A visitor token and whom it lets in. */
export interface VisitorPass {
  token: string;
  identifier: string;
  name: string | null;
  anonymous: boolean;
  /** Null: as long as the visitor exists. */
  expiresAt: Date | null;
}

/** Who gets into a web channel, and how they prove it. A session id alone opens nothing. */
export interface VisitorDoor {
  /** A new anonymous visitor. Lets nobody in until the visitor is stored. */
  admitAnonymous(): VisitorPass;
  /** Exchanges the host site's word for a pass. */
  admitIdentified(
    identityToken: string,
  ):
    | { kind: "admitted"; pass: VisitorPass }
    | { kind: "refused"; status: 401 | 404; code: string; message: string };
  /** A pass for whom a valid token lets in already, good for longer; null where that is not possible any more. */
  renew(token: string): { token: string; expiresAt: Date | null } | null;
  /** The identifier a token stands for; null for a forged or expired one. The visitor must still exist. */
  identifierOf(token: string): string | null;
}
