/** What can be read beside the tools. */

const DOCUMENTS: readonly (readonly [href: string, title: string, text: string])[] = [
  ["/reference", "Policy reference", "every key of trust policies, with examples"],
  ["/schemas/policy.json", "JSON Schema of trust policies", "completion and checks in your editor"],
  ["/schemas/trusted-token-issuers.json", "JSON Schema of the allow-list", "trusted-token-issuers.yaml"],
  ["/schemas/audit-event.json", "JSON Schema of the audit event", "what is recorded of each exchange"],
];

export function Documents() {
  return (
    <section aria-labelledby="documents">
      <h2 id="documents">To read</h2>
      <ul class="documents">
        {DOCUMENTS.map(([href, title, text]) => (
          <li key={href}>
            <a href={href}>{title}</a>
            <span class="muted">: {text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
