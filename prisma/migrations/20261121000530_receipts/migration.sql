-- Which platform event a message came with: WhatsApp has to be told it to show that an answer is being written.
CREATE INDEX "inbound_events_message_id_idx" ON "inbound_events"("message_id");
