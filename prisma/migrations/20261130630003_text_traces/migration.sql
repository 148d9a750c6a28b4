-- The W3C header of the call that sent these words. They have no run, which would keep it. Null for nearly all.
ALTER TABLE "messages" ADD COLUMN "traceparent" TEXT;
-- Every older row has none. So no row is read for the check while the table is locked.
ALTER TABLE "messages" ADD CONSTRAINT "messages_traceparent_check"
    CHECK ("traceparent" ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$') NOT VALID;
