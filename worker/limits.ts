/**
 * Every limit of the service, its unit in its name. Policy-language limits live in `policies/`.
 * Changing a number here changes the documented budget (worker/README.md, "Bounds" and "Caches").
 */

// What a caller may send.
export const QUERY_MAX_BYTES = 8 * 1024;
export const BODY_MAX_BYTES = 64 * 1024;
/** Of query and body together, names and values in pairs. */
export const PARAMETERS_MAX = 64;
export const TOKEN_MAX_CHARACTERS = 16 * 1024;
export const NARROWING_MAX_ENTRIES = 100;

// What the outside world may answer.
export const POLICY_MAX_BYTES = 64 * 1024;
/** The object media type wraps the file in base64 (4/3, a line end each 60 characters) and JSON. */
export const CONTENTS_ANSWER_MAX_BYTES = 2 * 1024 * 1024;
export const GITHUB_ANSWER_MAX_BYTES = 1024 * 1024;
/** 500 repositories, the most that GitHub lists, at some 7 KB each: a cut answer would leave a token that nobody can revoke. */
export const MINT_ANSWER_MAX_BYTES = 4 * 1024 * 1024;
/** Look-ups at once for naming the repository that a mint misses; Workers keeps six connections open at a time. */
export const MISSING_LOOKUPS_MAX = 6;
export const DISCOVERY_MAX_BYTES = 64 * 1024;
export const JWKS_MAX_BYTES = 256 * 1024;
export const JWKS_MAX_KEYS = 200;
export const KEYS_TRIED_WITHOUT_KID_MAX = 4;
export const ISSUER_REDIRECTS_MAX = 2;

/** A tree or a comparison; GitHub itself ends a tree at 7 MB. */
export const GIT_ANSWER_MAX_BYTES = 8 * 1024 * 1024;

// How long anything may take.
export const GITHUB_TIMEOUT_MS = 4_000;
export const ISSUER_TIMEOUT_MS = 3_000;
/** How long an answer that came too late is waited for, so that it can be undone; within what Workers grant after an answer. */
export const LATE_ANSWER_MS = 15_000;
export const EXCHANGE_DEADLINE_MS = 10_000;
/** A request's body, from its first byte to its last. */
export const BODY_TIMEOUT_MS = 5_000;
/** A body that has not come by then is slow: it takes a place. */
export const BODY_PROMPT_MS = 250;
/** A revocation runs after the answer, so it has its own time: three tries, each of which may hang. */
export const REVOCATION_MAX_MS = 15_000;
/** The same for whoever brings a token back, and waits. */
export const REVOCATION_ANSWER_MAX_MS = 4_000;
/** Between its tries. */
export const REVOCATION_WAITS_MS: readonly number[] = [500, 1_500];
export const RETRY_JITTER_MAX_MS = 250;
/** After so many calls in a row that failed (5xx, no answer) GitHub is left alone for a while. */
export const BREAKER_FAILURES = 5;
export const BREAKER_MS = 5_000;
/** Audit events are sent after the answer. */
export const AUDIT_TIMEOUT_MS = 3_000;
/** Between four tries. */
export const AUDIT_WAITS_MS: readonly number[] = [250, 1_000, 2_000];
export const AUDIT_JITTER_MAX_MS = 100;
/** A sink that asks for more is not waited for: Workers ends what runs after an answer 30 s later, and tokens are revoked before. */
export const AUDIT_RETRY_AFTER_MAX_MS = 5_000;
/** All tries of one event together. */
export const AUDIT_DELIVERY_MAX_MS = 12_000;
/** The same before an answer, where a grant must be recorded. */
export const AUDIT_REQUIRED_MAX_MS = 2_000;
/** Of one value in an event, and of the values of a list. */
export const AUDIT_TEXT_MAX_CHARACTERS = 1_024;
export const AUDIT_VALUES_MAX = 20;
/** Of all that a policy, a token and a refusal say at length in one event: a queue takes 128 KB for a message, and drops what is larger. */
export const AUDIT_TEXTS_MAX_CHARACTERS = 4_000;
/** What is no longer is never cut: what has a fixed set of values, above all. */
export const AUDIT_WORD_CHARACTERS = 24;
/** As many as GitHub lets a token have. */
export const AUDIT_REPOSITORIES_MAX = 500;
export const USER_AGENT_MAX_CHARACTERS = 200;
/** Lines of a bug's stack that are logged. */
export const BUG_FRAMES_MAX = 8;

/** Each use of these bindings has a time of its own: one that hangs counts as one that failed. */
export const LIMITER_TIMEOUT_MS = 500;
export const QUEUE_TIMEOUT_MS = 3_000;
/** A queue may refuse one event for its size. */
export const QUEUE_FAILURES_TOLERATED = 3;

// Times in tokens (RFC 7519 section 4.1).
export const NOT_BEFORE_LEEWAY_SECONDS = 5 * 60;
export const ISSUED_AT_LEEWAY_SECONDS = 5 * 60;

// The App's own tokens (GitHub: at most 10 minutes).
export const APP_JWT_BACKDATED_SECONDS = 60;
export const APP_JWT_LIFETIME_SECONDS = 9 * 60;
export const APP_JWT_REUSED_MS = 8 * 60_000;

// Caches (worker/README.md, "Caches").
export const MEMORY_HOLD_MS = 60_000;
export const ISSUER_KEYS_FRESH_MS = 60 * 60_000;
/** Of one issuer at once; others wait for what these hear, a little longer than one of its two documents may take. */
export const ISSUER_FETCHES_IN_FLIGHT_MAX = 5;
export const ISSUER_WAITS_MS: readonly number[] = [25, 50, 100, 200, 400, 800, 800, 800];
export const ISSUER_KEYS_STALE_MS = 24 * 60 * 60_000;
/** How long KV is not asked again for keys that it did not have: one exchange looks for them several times. */
export const ISSUER_KEYS_MISS_HOLD_MS = 1_000;
/** For what an issuer says itself: a wrong document, a 4xx. */
export const ISSUER_NEGATIVE_MS = 60_000;
/** For an issuer that cannot be reached: doubled with each failure that follows, up to the latter. */
export const ISSUER_UNREACHABLE_MS = 5_000;
export const ISSUER_UNREACHABLE_MAX_MS = 60_000;
/** How often an unknown key makes us ask one issuer. More than once, as anybody can name an unknown key just before a real one appears. */
export const ISSUER_REFETCHES_MAX = 3;
/** Of these, for a key that is published and does not fit: issuers hardly ever put another key behind a key id. */
export const ISSUER_REFETCHES_FOR_KNOWN_KEY_MAX = 1;
export const ISSUER_REFETCH_WINDOW_MS = 30_000;
export const INSTALLATION_FRESH_MS = 60 * 60_000;
export const INSTALLATION_NEGATIVE_MS = 5 * 60_000;
export const POLICY_FRESH_MS = 5 * 60_000;
export const POLICY_STALE_MS = 60 * 60_000;
/** GitHub's 404 to a policy's own file; FOLDER_FRESH_MS is for the names that answer for all others. */
export const POLICY_NEGATIVE_MS = 5 * 60_000;
/** The names in a folder of policies. */
export const FOLDER_FRESH_MS = 5 * 60_000;
/** What was read through a symbolic link; no webhook tells of a change of the file that it leads to. */
export const LINKED_FILE_FRESH_MS = 10_000;
export const ALLOW_LIST_FRESH_MS = 5 * 60_000;
export const ALLOW_LIST_STALE_MS = 60 * 60_000;
export const MEMORY_ENTRIES_MAX = 500;
/** Patterns that refusals' hints are found by, compiled. */
export const HINT_PATTERNS_MAX = 100;
export const HINT_PATTERNS_MAX_BYTES = 1024 * 1024;
/** What each cache may fill of memory, half of it with what is there and half with what is not: 32 of an isolate's 128 MiB. */
export const MEMORY_SHARES_BYTES = {
  policies: 12 * 1024 * 1024,
  allowLists: 4 * 1024 * 1024,
  folders: 4 * 1024 * 1024,
  issuerKeys: 5 * 1024 * 1024,
  installations: 3 * 1024 * 1024,
  tombstones: 2 * 1024 * 1024,
  accounts: 1 * 1024 * 1024,
  repositories: 1 * 1024 * 1024,
} as const;
/** A key set may be nearly as large as JWKS_MAX_BYTES. */
export const ISSUER_KEYS_MEMORY_MAX = 100;
/** Read tokens in use at once in an isolate; one that drops out merely yields no quota sample. */
export const READ_TOKENS_MAX = 200;
/** A rate-limit sample older than this says nothing (octo-sts: OCTOSTS_QUOTA_STALE). */
export const QUOTA_STALE_MS = 5 * 60_000;
export const MEMORY_NEGATIVE_ENTRIES_MAX = 2_000;
/** Workers KV refuses a shorter expiry. */
export const KV_MIN_TTL_SECONDS = 60;
/** A read that takes longer is a miss: asking GitHub is then no slower. */
export const KV_GET_TIMEOUT_MS = 1_500;
export const KV_PUT_TIMEOUT_MS = 3_000;
/** Keys that need no second digest: what is read is often written a moment later, or read again. */
export const KV_KEYS_MEMORY_MAX = 500;

// What is made void by a webhook or a 404.
/** The clocks of two machines, and what GitHub's own replicas answer, may be behind by this much. */
export const INVALIDATION_MARGIN_MS = 2_000;
/** Longer than anything is kept that was read before. */
export const TOMBSTONE_KEEP_MS = 2 * 60 * 60_000;
/** KV takes one write per second and key. */
export const TOMBSTONE_RETRY_WAITS_MS: readonly number[] = [1_100, 2_200, 4_400];
/** Of one push; beyond it all that was read of the repository is void. */
export const INVALIDATED_PATHS_MAX = 300;
export const TOMBSTONES_MEMORY_MAX = 5_000;

/** Whether a repository of policies is public. */
export const VISIBILITY_FRESH_MS = 60_000;

/** That the repository of a read token still has its name: renaming two takes longer. */
export const NAMES_HOLD_MS = 500;

// When a stale copy stands in for GitHub.
/** GitHub counts requests by the hour. */
export const GITHUB_LIMIT_WINDOW_MS = 60 * 60_000;
export const FOREIGN_MISSES_MAX = 1_000;

// Abuse limits without bindings, per isolate.
export const LIMIT_WINDOW_MS = 60_000;
export const CALLER_REFUSALS_PER_WINDOW = 60;
export const OWNER_REFUSALS_PER_WINDOW = 30;
export const ADDRESS_REFUSALS_AT_OWNER_PER_WINDOW = 10;
/** Of one repository, and of all of an owner's of which nobody knows whether they are there. */
export const LOOKUPS_IN_FLIGHT_MAX = 10;
/** For a place in flight, or for what another request is looking up: some two seconds. */
export const LOOKUP_WAITS_MS: readonly number[] = [25, 50, 100, 200, 400, 600, 800];
/** Refused so often, a caller is answered from this isolate's memory alone until the window ends. */
export const CALLER_KV_READS_PER_WINDOW = 120;
export const UNKNOWN_OWNERS_PER_WINDOW = 20;
/** So few cost less than a list of accounts or repositories, and a first look-up is not slowed down by it. */
export const LISTS_READ_AFTER_REFUSALS = 3;
export const WILDCARD_ISSUERS_PER_WINDOW = 60;
/** Tokens that callers bring back, in flight at once. */
export const REVOCATIONS_OF_CALLER_MAX = 20;
export const REVOCATIONS_MAX = 50;
/** Bodies that are slow to come, of one address and of all. */
export const SLOW_BODIES_ROOM = {
  maxBytes: 200 * BODY_MAX_BYTES,
  maxBytesPerCaller: 20 * BODY_MAX_BYTES,
  maxBodiesPerCaller: 20,
} as const;
/** Short, as a server of GitHub's that has not heard of a new token yet calls it dead too. */
export const DEAD_TOKEN_KEEP_MS = 10_000;
export const DEAD_TOKENS_MAX = 1_000;
/** GitHub is asked so often whether it takes the Apps' keys, whoever asks for `/readyz`. */
export const READY_FRESH_MS = 30_000;
/** The name of an App hardly ever changes, and is read again whenever an isolate hears from GitHub. */
export const APP_SLUG_KEEP_MS = 90 * 24 * 60 * 60_000;
export const APP_SLUG_MISSING_MS = 60_000;
/** More than GitHub's answers are under way: a clock so far off judges tokens wrongly, and GitHub refuses the App's own. */
export const CLOCK_DIFFERENCE_MAX_SECONDS = 60;
/** For what the first request in an isolate is told: a little longer than one call may take. */
export const READY_WAITS_MS: readonly number[] = [50, 100, 200, 400, 800, 1_500, 1_500];
/** Events of callers over a limit: the first of a window, then one of so many. */
export const LIMITED_EVENTS_PER_WINDOW = 10;
export const LIMITED_EVENTS_SAMPLE = 100;
/** After a sink took no event it is left alone for a while that doubles. */
export const AUDIT_PAUSE_MIN_MS = 5_000;
export const AUDIT_PAUSE_MAX_MS = 60_000;
/** Of an installation's rate limit, what is kept for the owner's own. */
export const QUOTA_RESERVE = 1 / 4;

// The accounts that have an App installed.
export const ACCOUNTS_FRESH_MS = 5 * 60_000;
export const ACCOUNTS_READ_EVERY_MS = 60_000;
export const ACCOUNTS_PER_PAGE = 100;
/** Beyond it nobody keeps a list. */
export const ACCOUNTS_PAGES_MAX = 3;

// The repositories that an installation sees.
export const REPOSITORIES_FRESH_MS = 5 * 60_000;
export const REPOSITORIES_READ_EVERY_MS = 60_000;
export const REPOSITORIES_PER_PAGE = 100;
/** Of what lies beyond it nobody knows. */
export const REPOSITORIES_PAGES_MAX = 3;
/** Some 7 KB for each. */
export const REPOSITORIES_ANSWER_MAX_BYTES = 2 * 1024 * 1024;
export const INSTALLATIONS_LISTED_MAX = 500;
export const LIMIT_ENTRIES_MAX = 10_000;

/** How long browsers and editors may keep a schema, the page of a reason, the reference. */
export const DOCUMENT_FRESH_SECONDS = 3_600;

// What callers are told to wait when nobody else says how long.
export const RETRY_AFTER_OUTAGE_SECONDS = 5;
export const RETRY_AFTER_LIMIT_SECONDS = 60;
export const RETRY_AFTER_MAX_SECONDS = 3_600;

/** From the first page to the last: how long GitHub knows the code of an App that was registered. */
export const REGISTRATION_MAX_SECONDS = 3_600;

// Webhooks and the check of trust policies.
/** What GitHub itself sends at most. */
export const WEBHOOK_BODY_MAX_BYTES = 25 * 1024 * 1024;
export const WEBHOOK_BODY_TIMEOUT_MS = 10_000;
/** For bodies that nobody vouches for yet, by isolate: two of the largest, and room for usual ones beside them. */
export const WEBHOOK_ROOM = {
  maxBytes: 64 * 1024 * 1024,
  large: { aboveBytes: 1024 * 1024, maxBytes: 50 * 1024 * 1024 },
  maxBytesPerCaller: 26 * 1024 * 1024,
  maxBodiesPerCaller: 50,
} as const;
/** Workers ends what runs after an answer 30 s later: the work stops before, and what it ends in has the rest. */
export const WEBHOOK_WORK_MAX_MS = 20_000;
export const WEBHOOK_END_MAX_MS = 28_000;
/** Of GitHub in one invocation: what the free plan of Workers grants. */
export const WEBHOOK_CALLS_MAX = 50;
/** Of these, left for what ends a check: the verdict, annotations, and what had to be repeated. */
export const WEBHOOK_CALLS_RESERVED = 10;
/** Of one push or installation. */
export const WEBHOOK_NAMES_MAX = 300;
export const CHECK_FILES_MAX = 1_000;
/** Of their texts, before and after: whoever opens a pull request chooses them, and other requests of the isolate wait while they are judged. */
export const CHECK_BYTES_MAX = 2 * 1024 * 1024;
/** In one run; what is beyond costs calls that whoever opens a pull request would choose the number of. */
export const CHECK_ANNOTATIONS_MAX = 200;
export const CHECK_ANNOTATIONS_PER_CALL = 50;
/** GitHub ends a summary at 65,535 characters. */
export const CHECK_SUMMARY_MAX_BYTES = 65_000;
/** Kept in an isolate, one for a repository. */
export const CHECK_TOKENS_MAX = 200;
/** A kept token that has less than this left is not used any more. */
export const CHECK_TOKEN_MARGIN_MS = 5 * 60_000;

// How much GitHub lists, and where its lists are not complete.
export const PUSH_COMMITS_LISTED_MAX = 2_048;
export const PUSH_FILES_LISTED_MAX = 3_000;
export const COMPARE_FILES_LISTED_MAX = 300;

// Texts of policies that are read in one call.
export const TEXTS_PER_CALL = 200;
export const TEXTS_MAX_BYTES_PER_CALL = 3 * 1024 * 1024;
/** Beside those: what GraphQL does not give exactly, or a link leads to. Each is a call. */
export const SINGLE_TEXTS_MAX = 10;

// The consumer of the audit queue.
export const CONSUMER_TIMEOUT_MS = 10_000;
/** Doubled with each try of a message, up to the latter. */
export const CONSUMER_RETRY_MIN_SECONDS = 30;
export const CONSUMER_RETRY_MAX_SECONDS = 3_600;
