# The service on a server of one's own, as workerd reads it. Static: addresses, folders and settings come from `run`.
using Workerd = import "/workerd/workerd.capnp";
# Of the folder that `run` names: additional certification authorities (CA_FILE), or none.
using Authorities = import "/authorities.capnp";

# No private address can be reached.
const public :Workerd.Config = (
  services = [
    (name = "main", worker = .onPublic),
    (name = "public", network = .publicNetwork),
    (name = "kv", worker = .kv),
    (name = "disk", disk = (writable = true)),
    (name = "page", disk = (writable = false)),
    (name = "control", network = (allow = [])),
  ],
  sockets = .sockets,
);

# With PRIVATE_HOSTS or ALLOW_LOOPBACK: a Worker lets requests to those hosts, and to no others, reach any address.
const private :Workerd.Config = (
  services = [
    (name = "main", worker = .onPrivate),
    (name = "outbound", worker = .outbound),
    (name = "public", network = .publicNetwork),
    (name = "any", network = (allow = ["public", "private"], tlsOptions = .tls)),
    (name = "kv", worker = .kv),
    (name = "disk", disk = (writable = true)),
    (name = "page", disk = (writable = false)),
    (name = "control", network = (allow = [])),
  ],
  sockets = .sockets,
);

# For what `run` tries: it listens nowhere and reaches nothing but the control socket of the process that serves.
const tools :Workerd.Config = (
  services = [
    (name = "main", worker = .onNothing),
    (name = "nothing", network = (allow = [])),
    (name = "kv", worker = .kv),
    (name = "disk", disk = (writable = true)),
    (name = "page", disk = (writable = false)),
    (name = "control", external = (address = "unix:control.sock", http = ())),
  ],
);

const sockets :List(Workerd.Socket) = [
  (name = "http", address = "127.0.0.1:8080", http = (), service = "main"),
  (name = "control", address = "unix:control.sock", http = (), service = (name = "main", entrypoint = "control")),
];

const onPublic :Workerd.Worker = (
  modules = .modules,
  compatibilityDate = .compatibilityDate,
  compatibilityFlags = .compatibilityFlags,
  bindings = .bindings,
  globalOutbound = "public",
);

const onPrivate :Workerd.Worker = (
  modules = .modules,
  compatibilityDate = .compatibilityDate,
  compatibilityFlags = .compatibilityFlags,
  bindings = .bindings,
  globalOutbound = "outbound",
);

const onNothing :Workerd.Worker = (
  modules = .modules,
  compatibilityDate = .compatibilityDate,
  compatibilityFlags = .compatibilityFlags,
  bindings = .bindings,
  globalOutbound = "nothing",
);

const outbound :Workerd.Worker = (
  modules = [(name = "outbound.mjs", esModule = embed "outbound.mjs")],
  compatibilityDate = .compatibilityDate,
  bindings = [
    (name = "PRIVATE_HOSTS", fromEnvironment = "PRIVATE_HOSTS"),
    (name = "ALLOW_LOOPBACK", fromEnvironment = "ALLOW_LOOPBACK"),
    (name = "PUBLIC", service = "public"),
    (name = "ANY", service = "any"),
  ],
);

const kv :Workerd.Worker = (
  modules = [(name = "namespace.mjs", esModule = embed "namespace.mjs")],
  compatibilityDate = .compatibilityDate,
  durableObjectNamespaces = [(className = "Namespace", uniqueKey = "STS_CACHE", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "NAMESPACE", durableObjectNamespace = "Namespace")],
);

const publicNetwork :Workerd.Network = (allow = ["public"], tlsOptions = .tls);
const tls :Workerd.TlsOptions = (trustBrowserCas = true, trustedCertificates = Authorities.certificates);

const modules :List(Workerd.Worker.Module) = [
  (name = "entry.mjs", esModule = embed "entry.mjs"),
  (name = "worker.mjs", esModule = embed "worker.mjs"),
];

# As in wrangler.toml.
const compatibilityDate :Text = "2026-11-01";
const compatibilityFlags :List(Text) = ["global_fetch_strictly_public", "enable_request_signal"];

const bindings :List(Workerd.Worker.Binding) = [
  (name = "STS_CACHE", kvNamespace = "kv"),
  (name = "ASSETS", service = "page"),
  (name = "CONTROL", service = "control"),
  (name = "TRUSTED_PROXIES", fromEnvironment = "TRUSTED_PROXIES"),
  (name = "ENVIRONMENT_NAMES", fromEnvironment = "ENVIRONMENT_NAMES"),
  (name = "STS_DOMAIN", fromEnvironment = "STS_DOMAIN"),
  (name = "GITHUB_APP_ID", fromEnvironment = "GITHUB_APP_ID"),
  (name = "GITHUB_APP_PRIVATE_KEY", fromEnvironment = "GITHUB_APP_PRIVATE_KEY"),
  (name = "GITHUB_APP_NAME", fromEnvironment = "GITHUB_APP_NAME"),
  (name = "GITHUB_APP_BOT_ID", fromEnvironment = "GITHUB_APP_BOT_ID"),
  (name = "GITHUB_APPS", fromEnvironment = "GITHUB_APPS"),
  (name = "GITHUB_API_URL", fromEnvironment = "GITHUB_API_URL"),
  (name = "GITHUB_WEBHOOK_SECRET", fromEnvironment = "GITHUB_WEBHOOK_SECRET"),
  (name = "ORG_POLICY_REPO", fromEnvironment = "ORG_POLICY_REPO"),
  (name = "ALLOWED_OWNERS", fromEnvironment = "ALLOWED_OWNERS"),
  (name = "ALLOWED_ISSUERS", fromEnvironment = "ALLOWED_ISSUERS"),
  (name = "KNOWN_ISSUERS", fromEnvironment = "KNOWN_ISSUERS"),
  (name = "INLINE_JWKS", fromEnvironment = "INLINE_JWKS"),
  (name = "EXTRA_PERMISSIONS", fromEnvironment = "EXTRA_PERMISSIONS"),
  (name = "READY_TOKEN", fromEnvironment = "READY_TOKEN"),
  (name = "DEBUG_TIMING", fromEnvironment = "DEBUG_TIMING"),
  (name = "REQUIRE_REPOSITORIES", fromEnvironment = "REQUIRE_REPOSITORIES"),
  (name = "ORG_PERMISSIONS_IN_REPO_POLICIES", fromEnvironment = "ORG_PERMISSIONS_IN_REPO_POLICIES"),
  (name = "EVENT_INGRESS_URI", fromEnvironment = "EVENT_INGRESS_URI"),
  (name = "EVENT_INGRESS_MODE", fromEnvironment = "EVENT_INGRESS_MODE"),
  (name = "EVENT_INGRESS_AUTHORIZATION", fromEnvironment = "EVENT_INGRESS_AUTHORIZATION"),
  (name = "AUDIT_REQUIRED", fromEnvironment = "AUDIT_REQUIRED"),
  (name = "ALLOW_LOOPBACK", fromEnvironment = "ALLOW_LOOPBACK"),
  (name = "PRIVATE_HOSTS", fromEnvironment = "PRIVATE_HOSTS"),
];
