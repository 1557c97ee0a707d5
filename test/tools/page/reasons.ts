// The pages about reasons, for each reason of the catalogue and for all of them: as HTML for people, as text for those who look with
// curl, and as JSON for programs. Pure, but for the refusals, which the Worker's own code makes.

import { STATUS_CODES } from "node:http";
import { REFUSALS, type Reason, type RefusalRow } from "../../../worker/denial.ts";
import { wireRefusal } from "../../../worker/http/refusal.ts";
import { wireRefusalResponse } from "../../../worker/http/respond.ts";
import { type ReasonExplanation, WHO, type Who } from "../../../worker/page/refused/explanations/explanation.ts";
import { EXPLANATIONS, HELPED_BY_CLAIMS } from "../../../worker/page/refused/explanations/explanations.ts";
import { escapeHtml, type Frame, htmlDocument } from "./document.ts";
import type { Files } from "./files.ts";
import { DOMAIN, typicalOf } from "./typical.ts";

const REASONS = Object.keys(REFUSALS) as readonly Reason[];

/** Below `reasons/`: `<reason>.html`, `.txt`, `.json`; of all `index`. */
export async function reasonFiles(frame: Frame): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  const add = (name: string, texts: Readonly<Record<"html" | "txt" | "json", string>>) => {
    for (const [ending, text] of Object.entries(texts)) files.set(`reasons/${name}.${ending}`, Buffer.from(text));
  };
  add("index", { html: indexPage(frame), txt: indexText(), json: line(REASONS.map(objectOf)) });
  for (const reason of REASONS) {
    add(reason, { html: await reasonPage(reason, frame), txt: textOf(reason), json: line(objectOf(reason)) });
  }
  return files;
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

function objectOf(reason: Reason): Readonly<Record<string, unknown>> {
  const { means, who, remedy } = EXPLANATIONS[reason];
  const { status, code, error } = REFUSALS[reason];
  return { reason, status, code, error, means, who: WHO[who], remedy };
}

function textOf(reason: Reason): string {
  const { means, who, remedy } = EXPLANATIONS[reason];
  const { status, code, error } = REFUSALS[reason];
  return `${reason}: HTTP ${status}, code ${code}, ${error}\n\nIt means: ${means}.\nWho must act: ${WHO[who]}.\nWhat to do: ${remedy}.\n`;
}

const indexText = (): string => REASONS.map((reason) => `${reason}: ${EXPLANATIONS[reason].means}\n`).join("");

/** The entry of the navigation. */
const HERE = "/#/refused";

/** What stands between backticks as code. */
const rich = (text: string): string =>
  text
    .split(/`([^`]+)`/)
    .map((part, i) => (i % 2 === 1 ? `<code>${escapeHtml(part)}</code>` : escapeHtml(part)))
    .join("");

const sentence = (text: string): string => rich(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);

const TOLD: Readonly<Record<RefusalRow["seenBy"], string>> = {
  all: "whoever asks",
  verified: "whoever shows a token that is verified; others get `not_found`",
  owner: "the owner's own workloads, and everyone where the policy's repository is public; others get `not_found`",
};

async function reasonPage(reason: Reason, frame: Frame): Promise<string> {
  const explanation = EXPLANATIONS[reason];
  const { means, who, remedy } = explanation;
  const { status, code, error, seenBy } = REFUSALS[reason];
  const facts = [
    ["Who must act", sentence(WHO[who])],
    ["What to do", sentence(remedy)],
    ["Who is told", sentence(TOLD[seenBy])],
    ["Answer", `HTTP ${status} ${STATUS_CODES[status]}, code ${code}, <code>${error}</code>`],
  ];
  const main = `<article class="prose">
<p><a href="/reasons">All reasons</a></p>
<h1><code>${reason}</code></h1>
<p class="lead">${sentence(means)}</p>
<dl class="facts">${facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join("")}</dl>
<h2>What to look at first</h2>
<ol>${explanation.look.map((step) => `<li>${rich(step)}</li>`).join("")}</ol>
${waysOn(reason)}
${await typicalPart(reason)}
${nearPart(explanation)}
</article>`;
  return htmlDocument(frame, {
    title: `${reason}: why was I refused?`,
    description: `${plain(means)}.`,
    main,
    here: HERE,
  });
}

const plain = (text: string): string => text.replaceAll("`", "");

const waysOn = (reason: Reason): string => `<p class="row">
<a class="button primary" href="/#/refused?reason=${reason}">Paste your own refusal</a>
${HELPED_BY_CLAIMS.has(reason) ? `<a class="button" href="/#/playground">Try the policy with the token's claims</a>\n` : ""}</p>`;

/** As the Worker words it and as it is sent, but over lines. */
async function typicalPart(reason: Reason): Promise<string> {
  const { denial, viewer, ...asked } = typicalOf(reason);
  const refusal = wireRefusal(denial, viewer, asked);
  if (refusal.reason !== reason) throw new Error(`the typical ${reason} is told as ${refusal.reason}`);
  const source = { requestId: "5f0c1d3e-8a52-4b7e-9c57-2f6a1f0e6b11", domain: DOMAIN };
  const response = wireRefusalResponse(refusal, source);
  const headers = ["WWW-Authenticate", "Retry-After"].flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [`${name}: ${value}`];
  });
  const status = `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`;
  const body = JSON.stringify(await response.json(), undefined, 2);
  return `<h2>How it looks</h2>
<p>${reason === "not_found" ? "To whoever may not know more, this is the message:" : "A typical case, as a workload of the owner is told it. The message:"}</p>
<pre class="wrap">${escapeHtml(refusal.message)}</pre>
<p>The whole answer, which is one line as it is sent:</p>
<pre class="wrap">${escapeHtml([status, ...headers, "", body].join("\n"))}</pre>`;
}

const nearPart = ({ near }: ReasonExplanation): string => `<h2>Taken for it, or met next</h2>
<ul>${near.map(entryOf).join("")}</ul>`;

const entryOf = (reason: Reason): string =>
  `<li><a href="/reasons/${reason}"><code>${reason}</code></a>: ${rich(EXPLANATIONS[reason].means)}</li>`;

const GROUPS: readonly Who[] = ["caller", "policy", "owner", "operator", "nobody"];

function indexPage(frame: Frame): string {
  const groups = GROUPS.map((who) => {
    const reasons = REASONS.filter((reason) => EXPLANATIONS[reason].who === who);
    const [name = "", ...more] = WHO[who].split(", ");
    const hint = more.length > 0 ? `<p class="hint">${sentence(WHO[who])}</p>\n` : "";
    return `<h2>For ${escapeHtml(name)}</h2>\n${hint}<ul>${reasons.map(entryOf).join("")}</ul>`;
  });
  const main = `<article class="prose">
<h1>Why was I refused?</h1>
<p class="lead">Every refusal has a <code>reason</code>. These are all that there are, by who must act.</p>
<p class="row"><a class="button primary" href="/#/refused">Paste your refusal</a></p>
${groups.join("\n")}
</article>`;
  return htmlDocument(frame, {
    title: "Why was I refused? All reasons",
    description: "Every reason for which an exchange ends without a token, by who must act.",
    main,
    here: HERE,
  });
}
