-- New words wait in a list before they are merged into the index. A longer list needs less work for each word. The service
-- merges it every few seconds (src/sessions/merge-words-repository.ts), so that no message has to.
ALTER INDEX "messages_words" SET (gin_pending_list_limit = 16384);
