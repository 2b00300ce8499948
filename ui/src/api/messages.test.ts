import { expect, it } from "vitest";
import { messages } from "./messages";

/** An answer that comes in these pieces. */
const inPieces = (...pieces: string[]): Response =>
  new Response(
    new ReadableStream({
      start: (stream) => {
        for (const piece of pieces) stream.enqueue(new TextEncoder().encode(piece));
        stream.close();
      },
    }),
  );

it("reads messages wherever the answer is cut, and none from what keeps it open", async () => {
  const read: string[] = [];
  for await (const data of messages(inPieces('data: {"a"', ':1}\n', "\n:\n\nid: 7\ndata: one\nda", "ta: two\n\ndata: cut off"))) read.push(data);
  expect(read).toEqual(['{"a":1}', "one\ntwo"]);
});
