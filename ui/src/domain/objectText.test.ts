import { expect, it } from "vitest";
import { parseDocument } from "yaml";
import { readObject } from "./objectText";

const OF = { metadata: { name: "digits", namespace: "default" } };

it.each([
  ["metadata: {name: digits, namespace: default}", { object: OF }],
  ["metadata: {name: digits}", { object: { metadata: { name: "digits" } } }],
  ["metadata: {name: other}", { problem: "Its name and its namespace stay as they are" }],
  ["metadata: {name: digits, namespace: team}", { problem: "Its name and its namespace stay as they are" }],
  ["", { problem: "Its name and its namespace stay as they are" }],
  ["metadata: {name: [}", { problem: expect.any(String) as string }],
])("%s", (text, read) => {
  expect(readObject(parseDocument(text), OF)).toEqual(read);
});
