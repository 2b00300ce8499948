import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** The colours of each theme in the token file; the dark one stands on the light one. */
function themes(): Record<"light" | "dark", Map<string, string>> {
  const text = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
  const [light = "", dark = ""] = text.split(':root[data-theme="dark"]');
  const read = (part: string) => [...part.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", value = ""]) => [name, value] as const);
  return { light: new Map(read(light)), dark: new Map([...read(light), ...read(dark)]) };
}

/** Relative luminance, by WCAG 2.2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

describe.each(Object.entries(themes()))("%s", (_, colours) => {
  const colour = (name: string) => {
    const found = colours.get(name);
    if (!found) throw new Error(`no token --${name}`);
    return found;
  };
  const texts = ["text", "muted", "faint", "accent", "ok", "run", "wait", "warn", "fail", "skip", "series-1", "series-2", "series-3"];
  const grounds = ["canvas", "surface", "raised"];
  it.each(texts.flatMap((text) => grounds.map((ground) => [text, ground] as const)))("%s can be read on %s", (text, ground) => {
    expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["text", "muted", "ok", "run", "wait", "warn", "fail", "skip"])("%s can be read in a row that is selected", (tone) => {
    expect(contrast(colour(tone), colour("accent-soft"))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["ok", "run", "wait", "warn", "fail", "skip", "accent"])("%s can be read on its soft ground", (tone) => {
    expect(contrast(colour(tone), colour(`${tone}-soft`))).toBeGreaterThanOrEqual(4.5);
  });

  it("the word on a primary button can be read", () => {
    expect(contrast(colour("on-accent"), colour("accent"))).toBeGreaterThanOrEqual(4.5);
  });
});
