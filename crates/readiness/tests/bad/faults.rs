//! What can be wrong with the server.

/// A fault's name.
pub(crate) type Fault = &'static str;

/// No `X-Frame-Options` anywhere.
pub(crate) const HEADER_MISSING: Fault = "header-missing";
/// A `Referrer-Policy` that tells everything.
pub(crate) const HEADER_WRONG: Fault = "header-wrong";
/// Errors have no `Content-Security-Policy`.
pub(crate) const HEADER_ON_ERRORS: Fault = "header-on-errors";
/// A backtrace in an error's body.
pub(crate) const STACK_TRACE: Fault = "stack-trace";
/// A header with the program's name and version.
pub(crate) const SERVER_VERSION: Fault = "server-version";
/// A name comes back as markup.
pub(crate) const REFLECTED_HTML: Fault = "reflected-html";
/// A line break in a parameter makes a header.
pub(crate) const HEADER_INJECTION: Fault = "header-injection";
/// A quote in a parameter breaks a statement.
pub(crate) const QUOTE_BREAKS: Fault = "quote-breaks";
/// A message of the database in an error.
pub(crate) const SQL_TOLD: Fault = "sql-told";
/// A path leads out of the folder that is served.
pub(crate) const TRAVERSAL: Fault = "traversal";
/// A cookie that scripts read and other sites send.
pub(crate) const COOKIE_WITHOUT_FLAGS: Fault = "cookie-without-flags";
/// Bodies of any size are read.
pub(crate) const NO_BODY_LIMIT: Fault = "no-body-limit";
/// `Strict-Transport-Security` in plain HTTP.
pub(crate) const HSTS_IN_PLAIN: Fault = "hsts-in-plain";
/// An undocumented page for programmers.
pub(crate) const OPEN_DEBUG: Fault = "open-debug";
/// An undocumented page for administrators.
pub(crate) const OPEN_ADMIN: Fault = "open-admin";
/// An operation that asks for credentials in the document alone.
pub(crate) const OPEN_OPERATION: Fault = "open-operation";
/// A token that nobody signed is believed.
pub(crate) const ALG_NONE: Fault = "alg-none";
/// Any origin may read with credentials.
pub(crate) const CORS_FOR_ALL: Fault = "cors-for-all";
/// Nobody asks too often.
pub(crate) const NO_LIMIT: Fault = "no-limit";
/// Metrics that no Prometheus reads.
pub(crate) const WRONG_METRICS: Fault = "wrong-metrics";

/// All, with what is wrong.
pub(crate) const ALL: [(Fault, &str); 20] = [
    (HEADER_MISSING, "no X-Frame-Options on any answer"),
    (HEADER_WRONG, "Referrer-Policy is unsafe-url"),
    (HEADER_ON_ERRORS, "no Content-Security-Policy on errors"),
    (STACK_TRACE, "GET /items/{id} shows a backtrace"),
    (SERVER_VERSION, "the header Server names a version"),
    (REFLECTED_HTML, "GET /hello gives the name back as markup"),
    (HEADER_INJECTION, "GET /go lets a line break make a header"),
    (QUOTE_BREAKS, "GET /search answers 500 to a quote"),
    (SQL_TOLD, "GET /search shows its statement"),
    (TRAVERSAL, "GET /files/ leads out of its folder"),
    (
        COOKIE_WITHOUT_FLAGS,
        "GET /visit sets a cookie without flags",
    ),
    (NO_BODY_LIMIT, "POST /items reads bodies of any size"),
    (HSTS_IN_PLAIN, "Strict-Transport-Security without TLS"),
    (OPEN_DEBUG, "GET /debug is open and undocumented"),
    (OPEN_ADMIN, "GET /admin is open and undocumented"),
    (OPEN_OPERATION, "GET /report asks for no credentials"),
    (ALG_NONE, "a token with alg=none is let in"),
    (CORS_FOR_ALL, "any origin is allowed, with credentials"),
    (NO_LIMIT, "no number of requests is too many"),
    (WRONG_METRICS, "GET /metrics is no Prometheus text"),
];
