import { useEffect, useRef } from "react";

interface Props {
  readonly label: string;
  readonly text: string;
  readonly className: string | undefined;
}

/** A text that grows: who is at its end stays there, who has gone up stays where they are. */
export function FollowedText({ label, text, className }: Props) {
  const frame = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isAtEnd.current && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  });
  return (
    <pre
      ref={frame}
      className={className}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keys
      tabIndex={0}
      role="log"
      aria-label={label}
      aria-live="off"
      onScroll={({ currentTarget: at }) => (isAtEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 24)}
    >
      {text || "It has said nothing yet."}
    </pre>
  );
}
