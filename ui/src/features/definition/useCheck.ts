import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { checkedText } from "@/api/pipelines";
import type { Diagnostic } from "@/api/types";
import { useRested } from "@/components/useRested";
import { offsetOf, type Problem, problems as problemsIn } from "@/domain/places";

/** How long typing has to rest before the workbench is asked. */
const RESTS = 300;

export interface Checked {
  /** For a list, each with its line. */
  readonly findings: readonly Diagnostic[];
  /** The same in the text. */
  readonly problems: readonly Problem[];
  /** Whether its form is right, so that it can be read at all. */
  readonly isRead: boolean;
  /** In a line how it stands, and whether that is bad. */
  readonly words: string;
  readonly isWrong: boolean;
}

/** What is wrong with a text while it is written: its form at once, and what it means as soon as the workbench has said. */
export function useCheck(text: string): Checked {
  const form = useMemo(() => problemsIn(text), [text]);
  const isRead = form.length === 0;
  const rested = useRested(text, RESTS);
  const { data: report, error, isPlaceholderData } = useQuery({ ...checkedText(rested), enabled: isRead });
  const findings = useMemo(() => (form.length > 0 ? form.map(asFinding) : (report?.diagnostics ?? [])), [form, report]);
  const problems = useMemo(() => (form.length > 0 ? form : findings.flatMap((finding) => placed(text, finding))), [form, findings, text]);
  const isAsking = isRead && !error && (rested !== text || isPlaceholderData || !report);
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return { findings, problems, isRead, isWrong: errors > 0, words: error ? "The workbench does not answer, so only its form is checked" : words(errors, findings.length - errors, isRead, isAsking) };
}

function words(errors: number, warnings: number, isRead: boolean, isAsking: boolean): string {
  const counted = `${errors} ${errors === 1 ? "problem" : "problems"}`;
  if (!isRead) return counted;
  if (isAsking) return "Checking…";
  if (errors > 0) return `${counted}: it could not be run`;
  return warnings > 0 ? `It can be run, and has ${warnings === 1 ? "a warning" : `${warnings} warnings`}` : "It can be run";
}

const asFinding = ({ message, line, column, severity }: Problem): Diagnostic => ({ severity, code: "", message, span: { line, column } });

/** Where a finding stands in the text, to the end of its line. */
export function placed(text: string, { message, span, severity }: Diagnostic): readonly Problem[] {
  if (!span) return [];
  const from = offsetOf(text, span.line, span.column);
  return [{ message, severity, from, to: offsetOf(text, span.line, Number.MAX_SAFE_INTEGER), line: span.line, column: span.column }];
}
