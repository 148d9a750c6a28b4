-- Whether the newest thing that happened to a channel's sends is a refusal of all of them: the next success takes it back.
ALTER TABLE "channels" ADD COLUMN "in_trouble" BOOLEAN NOT NULL DEFAULT false;
