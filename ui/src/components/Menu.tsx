import { DropdownMenu, Slot } from "radix-ui";
import { type KeyboardEvent, type ReactNode, useCallback, useLayoutEffect, useRef, useState } from "react";
import { wayBack } from "./focus";
import styles from "./Menu.module.css";

export interface MenuItem {
  readonly label: string;
  readonly onSelect: () => void;
  readonly icon?: ReactNode;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly hint?: string;
}

interface Props {
  readonly trigger: ReactNode;
  /** `null` is a line. */
  readonly items: readonly (MenuItem | null)[];
}

/** A menu at a button. Until it is first used there is only the button: tables have a menu in every row. */
export function Menu({ trigger, items }: Props) {
  const [isUsed, setIsUsed] = useState(false);
  if (isUsed) return <Used trigger={trigger} items={items} />;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    setIsUsed(true);
  };
  return (
    <Slot.Root aria-haspopup="menu" aria-expanded={false} onClick={() => setIsUsed(true)} onKeyDown={onKeyDown}>
      {trigger}
    </Slot.Root>
  );
}

/** The focus is at the button again when it closes, or near where that was. */
function Used({ trigger, items }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const back = useRef<() => void>(undefined);
  // While it is open yet: what is chosen in it may take the button away.
  const remember = useCallback(() => void (back.current = wayBack(button.current)), []);
  useLayoutEffect(remember, [remember]);
  return (
    <DropdownMenu.Root defaultOpen onOpenChange={(isOpen) => isOpen && remember()}>
      <DropdownMenu.Trigger ref={button} asChild>
        {trigger}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={styles.menu}
          align="end"
          sideOffset={4}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            back.current?.();
          }}
        >
          {items.map((item, index) =>
            item === null ? (
              <DropdownMenu.Separator key={`line-${index}`} className={styles.line} />
            ) : (
              <DropdownMenu.Item
                key={item.label}
                className={`${styles.item} ${item.danger ? styles.danger : ""}`}
                disabled={item.disabled ?? false}
                onSelect={item.onSelect}
              >
                {item.icon}
                <span>{item.label}</span>
                {item.hint && <span className={styles.hint}>{item.hint}</span>}
              </DropdownMenu.Item>
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
