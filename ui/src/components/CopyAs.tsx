import { Copy } from "lucide-react";
import type { Copyable } from "@/domain/copied";
import { Button } from "./Button";
import { Menu } from "./Menu";
import { useToasts } from "./Toasts";

export type { Copyable };

/** Copies a text and says so. */
export function useCopy(): (copyable: Copyable) => void {
  const { say, fail } = useToasts();
  return ({ label, text }) => {
    navigator.clipboard.writeText(text).then(
      () => say(`Copied: ${label}`),
      () => fail(new Error("The browser does not let this page copy")),
    );
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
