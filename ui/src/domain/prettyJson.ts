/** A text with its JSON indented, where it is JSON with anything in it; otherwise as it is. */
export function prettyJson(text: string, mediaType: string): string {
  const start = text.trimStart()[0];
  if (!mediaType.includes("json") && start !== "{" && start !== "[") return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
