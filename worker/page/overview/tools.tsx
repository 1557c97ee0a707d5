/** The ways to the tools, by what brings people here. */

interface Tool {
  readonly href: string;
  readonly title: string;
  readonly text: string;
}

const TOOLS: readonly Tool[] = [
  {
    href: "#/new",
    title: "Write a policy",
    text: "Say what your workload is and what it has to do. Get the policy, the path to commit it at, and the workflow that uses it.",
  },
  {
    href: "#/playground",
    title: "Try a policy",
    text: "A policy beside a token's claims: what matches, what does not, and where the two first differ.",
  },
  {
    href: "#/refused",
    title: "Why was I refused?",
    text: "Paste the answer, or pick its reason. Learn what it means, who must act, and what to look at first.",
  },
];

export function Tools() {
  return (
    <ul class="cards tools" aria-label="Tools">
      {TOOLS.map(({ href, title, text }) => (
        <li class="card" key={href}>
          <h2>
            <a href={href}>{title}</a>
          </h2>
          <p>{text}</p>
        </li>
      ))}
    </ul>
  );
}
