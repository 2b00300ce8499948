import { expect, it } from "vitest";
import type { Holder } from "./holders";
import { roomReason } from "./room";

const GIB = 2 ** 30;
const holder: Holder = { key: "a", title: "alice", kind: "notebook", cpu: 500, memory: 3 * GIB, gpus: 0 };
const room = { capacity: { cpu: 2000, memory: 5 * GIB, gpus: 0 }, held: holder, holders: [holder] };

it.each([
  [{ cpu: 500, memory: 4 * GIB, gpus: 0 }, "needs 4.0 GiB, 2.0 GiB free (alice holds 3.0 GiB)"],
  [{ cpu: 1800, memory: 0, gpus: 1 }, "needs 1.8 CPU, 1.5 CPU free (alice holds 0.5 CPU); needs 1 GPU, 0 GPU free"],
  [{ cpu: 500, memory: GIB, gpus: 0 }, undefined],
])("%j", (needs, reason) => expect(roomReason(needs, room)).toBe(reason));
