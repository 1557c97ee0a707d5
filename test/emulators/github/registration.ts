// How an App comes into being from a manifest: the two pages of GitHub's website on which its owner confirms it, and the API's
// exchange of the code that they end in. An App that was made here signs and mints as any other.

import { inLines, toBase64 } from "../core/base64.ts";
import type { Call } from "../core/calls.ts";
import { keyInSlot } from "../core/keys.ts";
import { type Answer, notFound, ok } from "./answers.ts";
import { NAME_MAX_CHARACTERS, readManifest } from "./manifest.ts";
import type { Context, Route } from "./route.ts";
import { appJson } from "./shapes.ts";
import { type Account, type App, type Proposal, type Registration, type State, same } from "./state.ts";

const CODE_LIFETIME_MS = 3_600_000;
const DOCS = "/apps/apps#create-a-github-app-from-a-manifest";
/** Of keys, far from those of `appKeys`. */
const FIRST_SLOT = 5_000;

const NEW = /^(?:\/organizations\/([^/]+))?\/settings\/apps\/new$/;
const CONFIRM = "/settings/apps/manifest";

export const isWebPath = (pathname: string): boolean => NEW.test(pathname) || pathname === CONFIRM;

/** What GitHub's website answers to a browser. */
export async function webAnswer(state: State, call: Call): Promise<Response> {
  const url = new URL(call.url);
  if (state.visitor === null) return redirect(new URL(`/login?return_to=${encodeURIComponent(url.href)}`, url).href);
  if (call.method !== "POST") return page(404, "<h1>Not Found</h1>");
  const form = new URLSearchParams(call.body);
  const asking = NEW.exec(url.pathname);
  return asking ? propose(state, { url, form, organization: asking[1] }) : confirm(state, form);
}

interface Asking {
  readonly url: URL;
  readonly form: URLSearchParams;
  readonly organization: string | undefined;
}

function propose(state: State, { url, form, organization }: Asking): Response {
  const owner = ownerNamed(state, organization);
  if (owner === undefined) return page(404, "<h1>Not Found</h1>");
  const reading = readManifest(form.get("manifest"));
  if (reading.fault !== undefined) return invalid(reading.fault);
  const { manifest } = reading;
  const proposal = { id: hex(8), owner, manifest, state: url.searchParams.get("state") };
  state.proposals.push(proposal);
  return asked(proposal, manifest.name);
}

/** Those of an organization are its owners' alone; to everybody else its page is not there. */
function ownerNamed({ visitor }: State, organization: string | undefined): Account | undefined {
  if (organization === undefined) return visitor?.account;
  return visitor?.organizations.find(({ login }) => same(login, decodeURIComponent(organization)));
}

function asked({ id, owner }: Proposal, name: string, fault = ""): Response {
  const field = `<label>GitHub App name <input name="name" value="${escaped(name)}"></label>`;
  const button = `<button>Create GitHub App for ${escaped(owner.login)}</button>`;
  const hidden = `<input type="hidden" name="proposal" value="${id}">`;
  const form = `<form method="post" action="${CONFIRM}">${hidden}${field}${button}</form>`;
  return page(fault === "" ? 200 : 422, `<h1>Create GitHub App</h1><p>${escaped(fault)}</p>${form}`);
}

async function confirm(state: State, form: URLSearchParams): Promise<Response> {
  const proposal = state.proposals.find(({ id }) => id === form.get("proposal"));
  if (proposal === undefined) return page(404, "<h1>Not Found</h1>");
  const name = form.get("name")?.trim() ?? "";
  const fault = nameFault(state, name);
  if (fault !== undefined) return asked(proposal, name, fault);
  state.proposals.splice(state.proposals.indexOf(proposal), 1);
  const registration = await register(state, proposal, name);
  const { redirect_url: to } = proposal.manifest;
  if (to === undefined) return page(200, "<h1>Registered</h1>");
  const back = new URL(to);
  back.searchParams.set("code", registration.code);
  if (proposal.state !== null) back.searchParams.set("state", proposal.state);
  return redirect(back.href);
}

function nameFault(state: State, name: string): string | undefined {
  if (name === "") return "Name can't be blank";
  if (name.length > NAME_MAX_CHARACTERS) return `Name is too long (maximum is ${NAME_MAX_CHARACTERS} characters)`;
  return state.apps.some(({ slug }) => slug === slugOf(name)) ? "Name is already taken" : undefined;
}

const slugOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");

async function register(state: State, { owner, manifest }: Proposal, name: string): Promise<Registration> {
  const id = state.nextId++;
  const { pkcs8, spki } = await keyInSlot("rsa", FIRST_SLOT + state.registrations.length);
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const publicKey = await crypto.subtle.importKey("spki", spki, algorithm, false, ["verify"]);
  const clientId = `Iv23li${String(id).padStart(14, "0")}`;
  const app: App = {
    id,
    slug: slugOf(name),
    clientId,
    owner,
    publicKeys: [publicKey],
    permissions: { metadata: "read", ...manifest.default_permissions },
    events: manifest.default_events,
    manifest: { ...manifest, name },
  };
  const webhookSecret = manifest.hook_attributes === undefined ? null : hex(20);
  const secrets = { pem: pkcs1Pem(pkcs8), webhookSecret, clientSecret: hex(20) };
  const registration = { code: hex(20), app, ...secrets, createdAt: state.now(), used: false };
  state.apps.push(app);
  state.registrations.push(registration);
  return registration;
}

/** GitHub's form of a private key, which is what an RSA key's PKCS#8 wraps: behind 26 octets at this size. */
function pkcs1Pem(pkcs8: ArrayBuffer): string {
  const body = inLines(toBase64(new Uint8Array(pkcs8).subarray(26)), 64);
  return `-----BEGIN RSA PRIVATE KEY-----\n${body}-----END RSA PRIVATE KEY-----\n`;
}

/** Once and within an hour; whoever has the code needs no other proof. */
function convert(at: Context): Answer {
  const { state, params, bases } = at;
  const registration = state.registrations.find(({ code }) => code === params.code);
  if (registration === undefined || registration.used) return notFound(DOCS);
  if (state.now() - registration.createdAt > CODE_LIFETIME_MS) return notFound(DOCS);
  registration.used = true;
  const { app, pem, webhookSecret: webhook_secret, clientSecret: client_secret } = registration;
  return ok({ ...appJson(app, 0, bases), pem, webhook_secret, client_secret }, 201);
}

export const registrationRoutes: readonly Route[] = [
  {
    id: "gh.manifest_conversion",
    method: "POST",
    path: "/app-manifests/:code/conversions",
    okStatus: 201,
    answer: convert,
  },
];

const invalid = (fault: string): Response =>
  page(
    422,
    `<h1>Invalid GitHub App configuration</h1><p>The configuration does not appear to be a valid GitHub App manifest.</p><p>Error: ${escaped(fault)}</p>`,
  );

const page = (status: number, html: string): Response =>
  new Response(`<!doctype html><html lang="en"><title>GitHub</title>${html}</html>\n`, {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
  });

const redirect = (location: string): Response => new Response(null, { status: 302, headers: { location } });

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const hex = (bytes: number): string =>
  [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
