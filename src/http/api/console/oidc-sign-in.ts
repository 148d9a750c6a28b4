import type { NewAuditEntry } from "../../../audit/audit-repository.ts";
import type { Logger } from "../../../core/process/logger.ts";
import type { ConsoleSessions } from "../../../keys/console-session-repository.ts";
import type { KeyCache } from "../../../keys/key-cache.ts";
import type { PersonKeys } from "../../../keys/person-repository.ts";
import { ROLE_SCOPES } from "../../../keys/role.ts";
import type { ProviderLogout, ProviderPerson } from "./oidc-provider.ts";

export interface OidcSignInDeps {
  people: PersonKeys;
  sessions: Pick<ConsoleSessions, "openForPerson" | "endOfProvider">;
  keys: Pick<KeyCache, "revoke">;
  /** A session has ended, so its open streams must end on every process. */
  onEnded(consoleId: string): void;
  record(entry: NewAuditEntry): Promise<void>;
  log: Logger;
}

export type OidcSignIn = ReturnType<typeof createOidcSignIn>;

/** Opens and ends the console sessions of people whom an OpenID Connect provider knows. */
export function createOidcSignIn(deps: OidcSignInDeps) {
  const { people, sessions, keys, onEnded, record, log } = deps;
  return {
    /** Null: the person has no role here. Their earlier key and sessions are removed. */
    async signIn(
      person: ProviderPerson,
      { address, requestId }: { address: string; requestId: string },
    ): Promise<{ token: string } | null> {
      if (person.role === null) {
        const removed = await people.remove(person.id);
        if (removed !== null) keys.revoke(removed);
        return null;
      }
      const key = await people.ensure({
        person: person.id,
        name: person.name,
        scopes: ROLE_SCOPES[person.role],
      });
      const opened = await sessions.openForPerson(key.id, person.session);
      log.info({ address, by: "oidc", role: person.role }, "a person signed in to the console");
      await record({
        workspaceId: key.workspaceId,
        actorId: key.id,
        consoleSessionId: opened.id,
        address,
        // The same act as a sign-in with a key.
        method: "POST",
        operation: "createConsoleSession",
        path: "/session",
        targets: [],
        fields: [],
        before: null,
        after: { role: person.role },
        requestId,
      });
      return { token: opened.token };
    },

    /** Ends the sessions that the provider has ended. */
    async signOut(ended: ProviderLogout): Promise<void> {
      for (const id of await sessions.endOfProvider(ended)) onEnded(id);
    },
  };
}
