import { describe, expect, it } from "vitest";
import { pieces, plain } from "./logAnsi";
import { failingLine } from "./logFailure";
import { LogText, settled } from "./logText";

const encoder = new TextEncoder();
const sent = (text: string, at = "2026-01-01T00:00:00Z") => `${JSON.stringify({ step: "train", attempt: 1, stream: "stdout", at, text })}\n`;

describe("a log's text", () => {
  it.each([1, 7, 100, 100_000])("is the same in whatever parts it comes: %i bytes", (size) => {
    const whole = encoder.encode(["eins", "zwei – drei", '"quoted"', "", "\u001b[31mred\u001b[0m"].map((text) => sent(text)).join(""));
    const log = new LogText();
    for (let at = 0; at < whole.length; at += size) log.append(whole.subarray(at, at + size));
    expect(log.count).toBe(5);
    expect([0, 1, 2, 3, 4].map((index) => log.line(index)?.text)).toEqual(["eins", "zwei – drei", '"quoted"', "", "\u001b[31mred\u001b[0m"]);
    expect(log.line(5)).toBeUndefined();
    expect(log.line(-1)).toBeUndefined();
  });

  it("has no line in two blocks, and keeps what is not whole for later", () => {
    const log = new LogText();
    const long = "x".repeat(1_000_000);
    for (let index = 0; index < 10; index += 1) log.append(encoder.encode(sent(`${index}${long}`)));
    log.append(encoder.encode('{"step":"tr'));
    expect(log.count).toBe(10);
    for (let index = 0; index < 10; index += 1) expect(log.line(index)?.text).toBe(`${index}${long}`);
    log.append(encoder.encode('ain","text":"end"}\n'));
    expect(log.line(10)?.text).toBe("end");
  });

  it("is searched by what was written, and not by what stands around it", () => {
    const log = new LogText();
    log.append(encoder.encode(sent("train") + sent("the END") + sent('say "end"')));
    expect(log.find("end", 0, 10)).toEqual([1, 2]);
    expect(log.find("train", 0, 10)).toEqual([0]);
    expect(log.find('"end"', 0, 10)).toEqual([2]);
    expect(log.find("end", 2, 10)).toEqual([2]);
    expect(log.find("end", 0, 2)).toEqual([1]);
  });

  it("knows what was written when", () => {
    const log = new LogText();
    for (let second = 0; second < 10; second += 1) log.append(encoder.encode(sent("x", `2026-01-01T00:00:0${second}Z`)));
    expect(log.firstSince(Date.parse("2026-01-01T00:00:03.5Z"))).toBe(4);
    expect(log.firstSince(0)).toBe(0);
    expect(log.firstSince(Date.parse("2027-01-01T00:00:00Z"))).toBe(10);
  });

  it("takes a million lines in less than half a second", () => {
    const thousand = encoder.encode(Array.from({ length: 1000 }, (_, index) => sent(`line ${index} of something that goes on for a while`)).join(""));
    const log = new LogText();
    const began = performance.now();
    for (let index = 0; index < 1000; index += 1) log.append(thousand);
    expect(log.line(999_999)?.text).toContain("line 999");
    expect(performance.now() - began).toBeLessThan(1500);
  });
});

it.each([
  ["plain", "plain"],
  ["10%\r50%\r100%", "100%"],
  ["done\r", "done"],
  ["\r\r", ""],
])("a progress bar %j is %j in the end", (text, expected) => expect(settled(text)).toBe(expected));

it.each([
  ["none", [{ text: "none" }]],
  ["\u001b[31mred\u001b[0m not", [{ text: "red", ink: "fail" }, { text: " not" }]],
  ["\u001b[1;32mbold\u001b[22mthin", [{ text: "bold", isBold: true, ink: "ok" }, { text: "thin", ink: "ok" }]],
  ["\u001b[38;5;1mred\u001b[39m", [{ text: "red", ink: "fail" }]],
  ["\u001b[38;2;1;2;3mown\u001b[48;5;9m", [{ text: "own" }]],
  ["a\u001b[2Kb\u001b[?25l", [{ text: "a" }, { text: "b" }]],
  ["\u001b]8;;http://x\u0007link\u001b]8;;\u0007", [{ text: "link" }]],
])("colours of %j", (text, expected) => {
  expect(pieces(text)).toEqual(expected);
  expect(plain(text)).toBe(expected.map((piece) => piece.text).join(""));
});

it.each<[string, string[], string, number | undefined]>([
  ["what the reason says", ["start", "Traceback (most recent call last):", "ModuleNotFoundError: No module named 'pandas'", "bye"], "exited with code 1: ModuleNotFoundError: No module named 'pandas'", 2],
  ["a word that tells", ["ok", "error: it broke", "cleaning up"], "exited with code 3", 1],
  ["the last that says something", ["one", "two", ""], "exited with code 1", 1],
  ["the last occurrence", ["RuntimeError: x", "RuntimeError: x", "end"], "exited with code 1: RuntimeError: x", 1],
  ["nothing", [], "exited with code 1", undefined],
])("the failing line is %s", (_, lines, message, expected) => expect(failingLine(lines.length, (index) => lines[index] ?? "", message)).toBe(expected));
