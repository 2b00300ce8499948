// Why something waits for room, in what it needs, what is free, and who holds the most.

import type { Holder, Share } from "./holders";
import { bytes, cpus } from "./size";

interface Room {
  readonly capacity: Share;
  readonly held: Share;
  readonly holders: readonly Holder[];
}

const KINDS = [
  { of: (share: Share) => share.memory, text: bytes },
  { of: (share: Share) => share.cpu, text: (value: number) => `${cpus(value)} CPU` },
  { of: (share: Share) => share.gpus, text: (value: number) => `${value} GPU` },
];

/** Nothing where there is room. */
export function roomReason(needs: Share, { capacity, held, holders }: Room): string | undefined {
  const short = KINDS.flatMap(({ of, text }) => {
    const free = Math.max(of(capacity) - of(held), 0);
    if (of(needs) <= free) return [];
    const most = holders.toSorted((one, other) => of(other) - of(one))[0];
    const holder = most && of(most) > 0 ? ` (${most.title} holds ${text(of(most))})` : "";
    return `needs ${text(of(needs))}, ${text(free)} free${holder}`;
  });
  return short.join("; ") || undefined;
}
