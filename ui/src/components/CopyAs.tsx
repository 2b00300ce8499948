import { Copy } from "lucide-react";
import { Button } from "./Button";
import { Menu } from "./Menu";
import { useToasts } from "./Toasts";

/** A text that can be taken along: what it is, and what it says. */
export interface Copyable {
  readonly label: string;
  readonly text: string;
}

/** Copies a text and says so. */
export function useCopy(): (copyable: Copyable) => void {
  const { say, fail } = useToasts();
  return ({ label, text }) => {
    navigator.clipboard.writeText(text).then(() => say(`Copied: ${label}`), fail);
  };
}

/** A menu of what an object can be copied as: a command, a request, a line of Python. */
export function CopyAs({ texts, label = "Copy as" }: { readonly texts: readonly Copyable[]; readonly label?: string }) {
  const copy = useCopy();
  return (
    <Menu
      trigger={<Button icon={<Copy size={14} aria-hidden />}>{label}</Button>}
      items={texts.map((one) => ({ label: one.label, onSelect: () => copy(one) }))}
    />
  );
}
