-- Retention looks for visitors who never wrote, the oldest first. Most users are known by a name, and not in it.
CREATE INDEX "users_anonymous" ON "users"("updated_at", "id") WHERE "anonymous";
