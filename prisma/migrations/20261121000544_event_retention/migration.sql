-- What is over and may be forgotten, oldest first.
CREATE INDEX "event_log_over" ON "event_log"("ended_at") WHERE "ended_at" IS NOT NULL AND "event" <> 'user_joined';
