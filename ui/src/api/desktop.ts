// Files that the desktop hands to its pages. It puts `coracleDesktop` there before any script runs; in a browser there is none,
// and nothing here ever happens. Pages cannot call the desktop.

interface Handed {
  readonly name: string;
  /** As base64. */
  readonly content: string;
}

/** What was handed and not yet taken; `file` is dispatched when there is more. */
type Desktop = EventTarget & { readonly files: Handed[] };

type Take = (file: File) => void;

const desktop = (globalThis as { readonly coracleDesktop?: Desktop }).coracleDesktop;

const waiting: File[] = [];
let taker: Take | undefined;
let seeker: (() => void) | undefined;

function receive(): void {
  for (const { name, content } of desktop?.files.splice(0) ?? []) {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    waiting.push(new File([bytes], name));
  }
  pass();
}

desktop?.addEventListener("file", receive);
receive();

function pass(): void {
  if (waiting.length === 0) return;
  // The last one: of several that were opened at once, one can be shown.
  if (taker) taker(waiting.splice(0).at(-1) as File);
  else seeker?.();
}

/** Takes files for as long as a page shows that offers to run them; returns what ends that. */
export function takeFiles(take: Take): () => void {
  taker = take;
  pass();
  return () => {
    if (taker === take) taker = undefined;
  };
}

/** Says who leads to the page that takes files, where another one shows; returns what ends that. */
export function leadToTaker(lead: () => void): () => void {
  seeker = lead;
  pass();
  return () => {
    if (seeker === lead) seeker = undefined;
  };
}
