/** Whether every word of `wanted` begins somewhere in `text`, in any order. */
export function matches(text: string, wanted: string): boolean {
  const lower = text.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
