// A terminal in a container, over the Kubernetes API's WebSocket: the first byte of a message is its channel.

import { address } from "./client";
import { path, PODS } from "./kube";

const PROTOCOL = "v5.channel.k8s.io";
const [INPUT, OUTPUT, ERRORS, STATUS, SIZE] = [0, 1, 2, 3, 4];

interface Listener {
  readonly onOutput: (bytes: Uint8Array) => void;
  /** Why it ended, where that was not as it should. */
  readonly onEnd: (reason?: string) => void;
}

export interface Session {
  readonly send: (text: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  readonly close: () => void;
}

export function openTerminal(namespace: string, pod: string, container: string, command: readonly string[], { onOutput, onEnd }: Listener): Session {
  const query = address(path(PODS, namespace, pod, "exec"), { container, stdin: true, stdout: true, tty: true });
  const words = command.map((word) => `&command=${encodeURIComponent(word)}`).join("");
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}${query}${words}`, PROTOCOL);
  socket.binaryType = "arraybuffer";
  let reason: string | undefined;
  let isClosed = false;
  const say = (channel: number, text: string) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    const bytes = new TextEncoder().encode(text);
    const message = new Uint8Array(bytes.length + 1);
    message[0] = channel;
    message.set(bytes, 1);
    socket.send(message);
  };
  let size: readonly [number, number] | undefined;
  const tellSize = () => size && say(SIZE ?? 4, JSON.stringify({ Width: size[0], Height: size[1] }));
  socket.onopen = tellSize;
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    const bytes = new Uint8Array(data);
    if (bytes[0] === OUTPUT || bytes[0] === ERRORS) onOutput(bytes.subarray(1));
    if (bytes[0] === STATUS) reason = failure(new TextDecoder().decode(bytes.subarray(1)));
  };
  socket.onclose = (event) => !isClosed && onEnd(reason ?? (event.code === 1000 ? undefined : "the connection broke"));
  return {
    send: (text) => say(INPUT ?? 0, text),
    resize: (columns, rows) => {
      size = [columns, rows];
      tellSize();
    },
    close: () => {
      isClosed = true;
      socket.close();
    },
  };
}

/** What a `Status` says, where it is no success. */
function failure(text: string): string | undefined {
  const status = JSON.parse(text) as { readonly status?: string; readonly message?: string };
  return status.status === "Success" ? undefined : (status.message ?? "it failed");
}
