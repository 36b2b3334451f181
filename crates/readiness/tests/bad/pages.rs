//! What is at each address.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::faults::{
    ALG_NONE, COOKIE_WITHOUT_FLAGS, HEADER_INJECTION, OPEN_ADMIN, OPEN_DEBUG, OPEN_OPERATION,
    QUOTE_BREAKS, REFLECTED_HTML, SQL_TOLD, STACK_TRACE, TRAVERSAL, WRONG_METRICS,
};
use super::{Page, Server, TOKEN, document};

/// Its folder of files, and what lies beside it.
const FILES: [(&str, &str); 2] = [
    ("public/hello.txt", include_str!("fixture/public/hello.txt")),
    ("etc/passwd", include_str!("fixture/etc/passwd")),
];
const METRICS: &str = "# HELP visits_total Visits.\n# TYPE visits_total counter\nvisits_total 1\n";
const WRONG: &str = "# TYPE visits_total counter\nvisits_total{page=hello 1\n9visits one\n";
const TRACE: &str = "thread 'main' panicked at src/items.rs:41:9:\ncalled `Option::unwrap()` on a `None` value\nstack backtrace:\n   0: items::find\n";
const JSON: &str = "application/json";

/// A request, read.
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    pub(super) token: Option<&'a str>,
    pub(super) id: u64,
}

impl Asked<'_> {
    fn parameter(&self, name: &str) -> String {
        let mut pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(own, _)| *own == name);
        decoded(found.map_or("", |(_, value)| value))
    }

    fn problem(&self, status: u16, code: &str, detail: &str) -> Page {
        Page::problem(status, code, detail, self.id)
    }
}

/// The answer to a request.
pub(super) fn answer(server: &Server, asked: &Asked<'_>) -> Page {
    let is_reading = matches!(asked.method, Method::GET | Method::HEAD);
    let (first, rest) = asked.path[1..]
        .split_once('/')
        .unwrap_or((&asked.path[1..], ""));
    let is_known = match first {
        "files" | "items" => true,
        "debug" => rest.is_empty() && server.has(OPEN_DEBUG),
        "admin" => rest.is_empty() && server.has(OPEN_ADMIN),
        _ => rest.is_empty() && !asked.path.ends_with('/') && KNOWN.contains(&first),
    };
    if !is_known && asked.path != "/" {
        return asked.problem(404, "not_found", "Nothing is here.");
    }
    if first == "items" && rest.is_empty() {
        return match asked.method {
            Method::POST => new_item(asked),
            _ => asked.problem(405, "method", "Not with this method."),
        };
    }
    if !is_reading {
        return asked.problem(405, "method", "Not with this method.");
    }
    match first {
        "" => Page::new("text/html", START),
        "openapi.json" => Page::new(JSON, document::text()),
        "livez" => Page::new("text/plain", "ok"),
        "readyz" => Page::new(JSON, "{\"status\":\"ok\"}"),
        "metrics" if server.has(WRONG_METRICS) => Page::new("text/plain; version=0.0.4", WRONG),
        "metrics" => Page::new("text/plain; version=0.0.4", METRICS),
        "debug" => Page::new(JSON, "{\"environment\":\"test\"}"),
        "admin" => Page::new("text/html", "<h1>Administration</h1>"),
        "hello" => hello(server, asked),
        "go" => go(server, asked),
        "search" => search(server, asked),
        "visit" => visit(server),
        "files" => file(server, asked, rest),
        "items" => item(server, asked, rest),
        "account" => closed(asked, server.has(ALG_NONE) && is_unsigned(asked)),
        "report" => closed(asked, server.has(OPEN_OPERATION)),
        _ => asked.problem(404, "not_found", "Nothing is here."),
    }
}

const KNOWN: [&str; 11] = [
    "openapi.json",
    "livez",
    "readyz",
    "metrics",
    "hello",
    "go",
    "search",
    "visit",
    "account",
    "report",
    "items",
];
const START: &str = "<!doctype html><title>Shop</title><a href=\"/openapi.json\">The document</a>";

fn hello(server: &Server, asked: &Asked<'_>) -> Page {
    let mut name = asked.parameter("name");
    if !server.has(REFLECTED_HTML) {
        name = name.replace('&', "&amp;").replace('<', "&lt;");
    }
    Page::new("text/html", format!("<p>Hello {name}"))
}

fn go(server: &Server, asked: &Asked<'_>) -> Page {
    let to = asked.parameter("to");
    let page = Page::new("text/plain", "This way.");
    let Some((to, line)) = to.split_once("\r\n") else {
        return page;
    };
    match line.split_once(": ") {
        Some((name, value)) if server.has(HEADER_INJECTION) => {
            page.with("x-next", to).with(name, value)
        }
        _ => asked.problem(400, "wrong", "No such place."),
    }
}

fn search(server: &Server, asked: &Asked<'_>) -> Page {
    let q = asked.parameter("q");
    let is_broken = q.contains('\'');
    if is_broken && server.has(SQL_TOLD) {
        let told = format!("syntax error at or near \"'\": SELECT * FROM items WHERE name = '{q}'");
        let status = if server.has(QUOTE_BREAKS) { 500 } else { 400 };
        return asked.problem(status, "database", &told);
    }
    if is_broken && server.has(QUOTE_BREAKS) {
        return asked.problem(500, "internal", "Something went wrong.");
    }
    Page::new(JSON, "{\"items\":[]}")
}

fn visit(server: &Server) -> Page {
    let cookie = if server.has(COOKIE_WITHOUT_FLAGS) {
        "visit=1; Path=/"
    } else {
        "visit=1; Path=/; HttpOnly; SameSite=Lax"
    };
    Page::new(JSON, "{}").with("set-cookie", cookie)
}

fn file(server: &Server, asked: &Asked<'_>, rest: &str) -> Page {
    let name = decoded(rest);
    let mut place = vec!["public"];
    for part in name.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if server.has(TRAVERSAL) => {
                place.pop();
            }
            part => place.push(part),
        }
    }
    let place = place.join("/");
    match FILES.iter().find(|(own, _)| *own == place) {
        Some((_, text)) => Page::new("text/plain", *text),
        None => asked.problem(404, "not_found", "No such file."),
    }
}

fn item(server: &Server, asked: &Asked<'_>, rest: &str) -> Page {
    match rest.parse::<u32>() {
        Ok(1) => Page::new(JSON, "{\"id\":1,\"name\":\"a\"}"),
        Err(_) if server.has(STACK_TRACE) => Page {
            status: 500,
            ..Page::new("text/plain", TRACE)
        },
        _ => asked.problem(404, "not_found", "No such item."),
    }
}

fn new_item(asked: &Asked<'_>) -> Page {
    let body: Option<Value> = serde_json::from_slice(asked.body).ok();
    match body.filter(Value::is_object) {
        Some(_) => Page {
            status: 201,
            ..Page::new(JSON, "{\"id\":1}")
        },
        None => asked.problem(400, "wrong", "The body is no item."),
    }
}

fn closed(asked: &Asked<'_>, is_open: bool) -> Page {
    if is_open || asked.token == Some(TOKEN) {
        return Page::new(JSON, "{\"balance\":1}");
    }
    asked.problem(401, "unauthorised", "Sign in.")
}

/// Whether a token says that it is not signed.
fn is_unsigned(asked: &Asked<'_>) -> bool {
    let head = asked.token.and_then(|token| token.split('.').next());
    let bytes = head.and_then(|head| URL_SAFE_NO_PAD.decode(head).ok());
    let value: Option<Value> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    value.is_some_and(|head| {
        head["alg"]
            .as_str()
            .is_some_and(|alg| alg.eq_ignore_ascii_case("none"))
    })
}

/// Percent-decodes; what is no number stays.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3);
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let step = byte.filter(|_| bytes[at] == b'%').map_or(1, |_| 3);
        let plain = bytes[at];
        out.push(byte.filter(|_| step == 3).unwrap_or(plain));
        at += step;
    }
    String::from_utf8_lossy(&out).into_owned()
}
