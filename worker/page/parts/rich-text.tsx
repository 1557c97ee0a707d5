/** A sentence of the policy engine or of the catalogue: what stands between backticks is code. */
export function RichText({ text }: { readonly text: string }) {
  const parts = text.split(/`([^`]+)`/);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}

/** A phrase of the catalogue as a sentence. */
export function Sentence({ text }: { readonly text: string }) {
  return <RichText text={`${text.charAt(0).toUpperCase()}${text.slice(1)}.`} />;
}
