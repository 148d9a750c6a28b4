-- Approvers get a card about a request, and read there what became of it. Neither has a session.
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_desk_check",
    ADD CONSTRAINT "deliveries_desk_check" CHECK (CASE
        WHEN "access_request_id" IS NOT NULL
        THEN num_nonnulls("session_id", "message_id", "handoff_id") = 0 AND coalesce("desk_part" IN ('card', 'words'), true)
        WHEN "handoff_id" IS NULL THEN "desk_part" IS NULL AND num_nulls("session_id", "message_id") = 0
        ELSE "session_id" IS NOT NULL AND coalesce("desk_part" IN ('card', 'taken', 'released', 'words'), false) END);
