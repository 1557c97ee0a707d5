/** What is said of the file, as a list: for who does not see the marks on its lines, and with its remedies. */

import type { Mendable } from "../../../policies/cli/editing/remedies.ts";
import { RichText } from "../parts/rich-text.tsx";

export interface FindingsListProps {
  readonly findings: readonly Mendable[];
  readonly onMend: (text: string, label: string) => void;
}

const WORDS = { error: "Error", warning: "Warning", notice: "Notice" } as const;
const CLASSES = { error: "text-bad", warning: "text-warn", notice: "muted" } as const;

export function FindingsList({ findings, onMend }: FindingsListProps) {
  if (findings.length === 0) return null;
  return (
    <ul class="findings" aria-label="What is said of the file">
      {findings.map(({ severity, line, message, suggestion, id, remedies }, i) => (
        <li key={i}>
          <p>
            <b class={CLASSES[severity]}>{WORDS[severity]}</b>
            {line > 0 && ` in line ${line}`}: <RichText text={message} />
            {suggestion !== undefined && (
              <>
                : <RichText text={suggestion} />
              </>
            )}{" "}
            {id !== "invalid" && <small>{id}</small>}
          </p>
          {remedies.length > 0 && (
            <p class="row">
              {remedies.map(({ label, text }) => (
                <button key={label} type="button" class="small" onClick={() => onMend(text, label)}>
                  {label}
                </button>
              ))}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
