import type { Pool } from "pg";
import { createAddressRepository } from "./address-repository.ts";
import { createAttemptRepository } from "./attempt-repository.ts";
import { createClaimRepository } from "./claim-repository.ts";
import { createPauseRepository } from "./pause-repository.ts";
import { createStrandedRepository } from "./stranded-repository.ts";

export type DeliveryRepository = ReturnType<typeof createDeliveryRepository>;

/** The rows of deliveries. Raw SQL: every step is one conditional statement over a batch. */
export function createDeliveryRepository(pool: Pool, identity: { owner: string; sendLeaseMs: number }) {
  return {
    ...createClaimRepository(pool, identity),
    ...createAttemptRepository(pool, identity),
    ...createPauseRepository(pool),
    ...createAddressRepository(pool),
    ...createStrandedRepository(pool),
  };
}
