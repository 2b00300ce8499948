// The pages of the navigation and of the palette, in their order.

import { Box, BrainCircuit, CalendarClock, Database, FlaskConical, HardDrive, Home, KeyRound, type LucideIcon, NotebookText, Play, Settings, Ship, Workflow } from "lucide-react";

export interface PageLink {
  readonly to: string;
  readonly title: string;
  readonly icon: LucideIcon;
  /** The key after `g` that leads there. */
  readonly key: string;
  readonly group: "work" | "machine";
}

export const PAGES: readonly PageLink[] = [
  { to: "/", title: "Home", icon: Home, key: "h", group: "work" },
  { to: "/runs", title: "Runs", icon: Play, key: "r", group: "work" },
  { to: "/pipelines", title: "Pipelines", icon: Workflow, key: "p", group: "work" },
  { to: "/recurring", title: "Recurring runs", icon: CalendarClock, key: "c", group: "work" },
  { to: "/experiments", title: "Experiments", icon: FlaskConical, key: "e", group: "work" },
  { to: "/artifacts", title: "Artifacts", icon: Box, key: "a", group: "work" },
  { to: "/models", title: "Models", icon: BrainCircuit, key: "m", group: "work" },
  { to: "/notebooks", title: "Notebooks", icon: NotebookText, key: "n", group: "work" },
  { to: "/volumes", title: "Volumes", icon: Database, key: "v", group: "work" },
  { to: "/secrets", title: "Secrets", icon: KeyRound, key: "s", group: "work" },
  { to: "/clusters", title: "Clusters", icon: Ship, key: "k", group: "machine" },
  { to: "/disk", title: "Disk", icon: HardDrive, key: "d", group: "machine" },
  { to: "/settings", title: "Settings", icon: Settings, key: ",", group: "machine" },
];
