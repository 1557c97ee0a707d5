/** A box that tells how something stands: in words as well as in colour. */
import type { ComponentChildren } from "preact";

export interface NoticeProps {
  readonly kind: "info" | "good" | "warn" | "bad";
  readonly title?: string;
  readonly children?: ComponentChildren;
}

export function Notice({ kind, title, children }: NoticeProps) {
  return (
    <div class={`notice ${kind}`}>
      {title !== undefined && <p class="notice-title">{title}</p>}
      {children}
    </div>
  );
}
