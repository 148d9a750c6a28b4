import type { Route } from "../shell/route.ts";
import { Person } from "./person.tsx";
import { Search } from "./search.tsx";

/** The people who chat, or one of them. */
export function People({ route }: { route: Route }) {
  return (
    <div class="page">
      {route.id === null ? <Search route={route} /> : <Person key={route.id} id={route.id} />}
    </div>
  );
}
