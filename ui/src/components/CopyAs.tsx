import { Copy } from "lucide-react";
import { Button } from "./Button";
import { Menu } from "./Menu";
import { useToasts } from "./Toasts";

export interface Copied {
  /** What it is copied as: "Command", "curl", "Python". */
  readonly as: string;
  readonly text: string;
}

/** Copies a text and says so. */
export function useCopy(): (copied: Copied) => void {
  const { say, fail } = useToasts();
  return ({ as, text }) => {
    navigator.clipboard.writeText(text).then(
      () => say(`Copied: ${as}`),
      () => fail(new Error("The browser does not let this page copy")),
    );
  };
}

/** A menu of the forms in which the same can be said elsewhere. */
export function CopyAs({ items }: { readonly items: readonly Copied[] }) {
  const copy = useCopy();
  return (
    <Menu
      trigger={
        <Button kind="quiet" icon={<Copy size={14} aria-hidden />}>
          Copy as
        </Button>
      }
      items={items.map((item) => ({ label: item.as, onSelect: () => copy(item) }))}
    />
  );
}
