-- Finds sessions by words of their messages. A longer text could exceed the limit of one text search vector.
CREATE INDEX "messages_words" ON "messages" USING GIN (to_tsvector('simple', left("content", 50000)))
  WHERE "role" IN ('user', 'assistant');
