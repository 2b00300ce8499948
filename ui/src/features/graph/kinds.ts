import { Box, Database, Download, GitBranch, type LucideIcon, Repeat, ShieldCheck, Split, Trash2, Workflow } from "lucide-react";
import type { PipelineTask } from "@/domain/pipeline";

/** What each kind of task is called, and its icon. */
export const KINDS: Record<PipelineTask["kind"], { readonly icon: LucideIcon; readonly word: string }> = {
  container: { icon: Box, word: "Step" },
  importer: { icon: Download, word: "Importer" },
  createVolume: { icon: Database, word: "Makes a volume" },
  deleteVolume: { icon: Trash2, word: "Removes a volume" },
  dag: { icon: Workflow, word: "Pipeline" },
  loop: { icon: Repeat, word: "Loop" },
  condition: { icon: GitBranch, word: "Condition" },
  branches: { icon: Split, word: "Branches" },
  exitHandler: { icon: ShieldCheck, word: "With an exit task" },
};
