import { layout, type Level } from "@/domain/layout";

self.onmessage = (message: MessageEvent<Level>) => self.postMessage(layout(message.data), { transfer: [] });
