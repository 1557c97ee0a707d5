/** A sentence of the policy engine: what stands in backticks is code. */
export function Told({ text }: { readonly text: string }) {
  return <>{text.split("`").map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>;
}
