//! The console: the files that the binary carries, and which addresses are its pages. The house is handed them; a house without
//! them shows plain pages of its own.
//!
//! Addresses are looked up as they were sent, in a table: nothing is decoded and no folder is read, so none leads out of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use super::compress::{Coding, Codings, is_text};
use super::conditional::EntityTag;
use super::front::Finished;
use super::problem::Problem;

/// Nothing inline, and nothing from elsewhere. A service worker has the policy of its own file, so scripts carry it too.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// The page itself is a program; what else is here stands in a header, for programs (RFC 8631) and for those who look for what is not
/// documented.
const LINKS: HeaderValue = HeaderValue::from_static(
    "</docs/>; rel=\"service-doc\", </api/openapi.json>; rel=\"service-desc\", </health>; rel=\"status\", \
     </metrics>; rel=\"related\", </sign-in>; rel=\"related\"",
);

/// Names of files below hold a hash of what is in them.
const HASHED: &str = "assets/";
const KEPT_FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASKED_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Pages that are no service's.
const OWN_PAGES: [&str; 2] = ["admin", "account"];

/// A file of the console as it was built.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Its path in the folder, such as `assets/index-x7f3.js`; with `.br` or `.gz` behind it the same file compressed.
    pub path: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
}

/// The console. Clones share its files.
#[derive(Clone, Default)]
pub struct Console {
    files: Option<Arc<Files>>,
    /// The first parts of its pages' addresses.
    pages: Vec<&'static str>,
}

struct Files {
    shell: File,
    others: BTreeMap<&'static str, File>,
}

struct File {
    kind: HeaderValue,
    plain: Form,
    brotli: Option<Form>,
    gzip: Option<Form>,
    is_hashed: bool,
    has_policy: bool,
}

/// One representation, with the tag of its own bytes.
struct Form {
    bytes: Bytes,
    tag: EntityTag,
}

/// What an address is to the console.
enum Place<'a> {
    Shell,
    File(&'a File),
    Nothing,
}

impl Console {
    /// No console.
    pub fn none() -> Self {
        Self::default()
    }

    /// Of the files that were built; none of them without an `index.html`.
    pub fn new(assets: &[Asset]) -> Self {
        let bytes: BTreeMap<&str, &'static [u8]> =
            assets.iter().map(|one| (one.path, one.bytes)).collect();
        let file = |path| File::new(path, &bytes);
        let Some(shell) = file("index.html") else {
            return Self::none();
        };
        let others = assets.iter().map(|one| one.path);
        let others = others.filter(|path| *path != "index.html" && !is_sibling(path, &bytes));
        let files = Files {
            shell,
            others: others
                .filter_map(|path| Some((path, file(path)?)))
                .collect(),
        };
        Self {
            files: Some(Arc::new(files)),
            pages: OWN_PAGES.to_vec(),
        }
    }

    /// With pages of these services: `/<name>` and whatever is below it.
    #[must_use]
    pub(crate) fn with_pages(mut self, services: impl IntoIterator<Item = &'static str>) -> Self {
        self.pages.extend(services);
        self
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.files.is_some()
    }

    /// Templates of all its addresses but `/`, few enough to be labels of metrics.
    pub(crate) fn templates(&self) -> Vec<String> {
        let Some(files) = &self.files else {
            return Vec::new();
        };
        let of_files = files.others.keys().map(|path| match path.split_once('/') {
            Some((folder, _)) => format!("/{folder}/{{*path}}"),
            None => format!("/{path}"),
        });
        let of_pages = self.pages.iter().flat_map(|page| {
            [
                format!("/{page}"),
                format!("/{page}/"),
                format!("/{page}/{{*path}}"),
            ]
        });
        let mut all: Vec<_> = of_files.chain(of_pages).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The answer at an address of the console; none where it has nothing to say there.
    pub(crate) fn answer(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Option<Response> {
        let files = self.files.as_ref()?;
        let file = match files.place(path, &self.pages) {
            Place::Shell => &files.shell,
            Place::File(file) => file,
            Place::Nothing => return None,
        };
        if method != Method::GET && method != Method::HEAD {
            let refused = Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).into_response();
            return Some(([(header::ALLOW, "GET, HEAD")], refused).into_response());
        }
        let mut answer = file.answer(headers);
        if path == "/" {
            answer.headers_mut().insert(header::LINK, LINKS);
        }
        Some(answer)
    }

    /// The console's own page for an address that there is not.
    pub(crate) fn nowhere(&self, headers: &HeaderMap) -> Option<Response> {
        let mut answer = self.files.as_ref()?.shell.whole(headers);
        answer.headers_mut().remove(header::ETAG);
        *answer.status_mut() = StatusCode::NOT_FOUND;
        answer.extensions_mut().insert(Finished);
        Some(answer)
    }
}

/// Whether a page for people answers at an address that there is not: a browser asks, by a link or by hand, and not for a file or the
/// API, where a page would pass for what was asked for.
pub(crate) fn wants_page(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let is_safe = method == Method::GET || method == Method::HEAD;
    let is_machines = path == "/api" || path.starts_with("/api/") || path.starts_with("/assets/");
    is_safe && !is_machines && accepts_html(headers)
}

/// Whether `Accept` names HTML; `*/*` alone is a program's.
fn accepts_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter();
    let ranges = values.filter_map(|value| value.to_str().ok());
    ranges.flat_map(|text| text.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|kind| {
            kind.eq_ignore_ascii_case("text/html")
                || kind.eq_ignore_ascii_case("application/xhtml+xml")
        });
        let refused = parts
            .filter_map(|part| part.strip_prefix("q="))
            .any(|weight| weight.parse() == Ok(0.0_f32));
        is_html && !refused
    })
}

impl Files {
    fn place(&self, path: &str, pages: &[&str]) -> Place<'_> {
        let Some(path) = path.strip_prefix('/') else {
            return Place::Nothing;
        };
        if let Some(file) = self.others.get(path) {
            return Place::File(file);
        }
        let first = path.split('/').next().unwrap_or_default();
        let is_page = path.is_empty() || (pages.contains(&first) && !is_hidden(path));
        if is_page {
            Place::Shell
        } else {
            Place::Nothing
        }
    }
}

/// Whether a part of the path begins with a dot, however it is written: no page does, and who asks for one looks for something else.
fn is_hidden(path: &str) -> bool {
    let plain = percent_decode_str(path).decode_utf8_lossy();
    plain.split(['/', '\\']).any(|part| part.starts_with('.'))
}

/// Whether a file is another one compressed.
fn is_sibling(path: &str, all: &BTreeMap<&str, &'static [u8]>) -> bool {
    [".br", ".gz"]
        .iter()
        .filter_map(|end| path.strip_suffix(end))
        .any(|plain| all.contains_key(plain))
}

impl File {
    fn new(path: &str, all: &BTreeMap<&str, &'static [u8]>) -> Option<Self> {
        let form = |path: &str| all.get(path).map(|bytes| Form::new(bytes));
        let kind = kind(path);
        Some(Self {
            plain: form(path)?,
            brotli: form(&format!("{path}.br")),
            gzip: form(&format!("{path}.gz")),
            is_hashed: path.starts_with(HASHED),
            has_policy: kind.starts_with("text/html") || kind.starts_with("text/javascript"),
            kind: HeaderValue::from_static(kind),
        })
    }

    /// The file, or 304 where the caller has it.
    fn answer(&self, headers: &HeaderMap) -> Response {
        let (form, _) = self.form(headers);
        if form.tag.is_known(headers) {
            let mut answer = StatusCode::NOT_MODIFIED.into_response();
            self.describe(answer.headers_mut(), form);
            answer
        } else {
            self.whole(headers)
        }
    }

    fn whole(&self, headers: &HeaderMap) -> Response {
        let (form, coding) = self.form(headers);
        let mut answer = Response::new(Body::from(form.bytes.clone()));
        let all = answer.headers_mut();
        all.insert(header::CONTENT_TYPE, self.kind.clone());
        if let Some(coding) = coding.name() {
            all.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        self.describe(all, form);
        answer
    }

    fn form(&self, headers: &HeaderMap) -> (&Form, Coding) {
        let accepted = Codings::of(headers);
        let coding = accepted.best(self.brotli.is_some(), self.gzip.is_some());
        let form = match coding {
            Coding::Brotli => self.brotli.as_ref(),
            Coding::Gzip => self.gzip.as_ref(),
            Coding::Identity => None,
        };
        (form.unwrap_or(&self.plain), coding)
    }

    fn describe(&self, all: &mut HeaderMap, form: &Form) {
        let cache = if self.is_hashed {
            KEPT_FOR_EVER
        } else {
            ASKED_AGAIN
        };
        all.insert(header::CACHE_CONTROL, cache);
        all.insert(header::ETAG, form.tag.header());
        // Where the front may compress, it says so itself.
        let front_says_so = all.contains_key(header::CONTENT_TYPE)
            && !all.contains_key(header::CONTENT_ENCODING)
            && is_text(&self.kind);
        if !front_says_so && (self.brotli.is_some() || self.gzip.is_some()) {
            all.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if self.has_policy {
            all.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        }
    }
}

impl Form {
    fn new(bytes: &'static [u8]) -> Self {
        let hash = blake3::hash(bytes);
        let first: [u8; 16] = hash.as_bytes()[..16]
            .try_into()
            .expect("a hash has 32 bytes");
        Self {
            bytes: Bytes::from_static(bytes),
            tag: EntityTag::of_hash(u128::from_be_bytes(first)),
        }
    }
}

/// The content type, by the end of the name: what a build of ours makes.
fn kind(path: &str) -> &'static str {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    match end {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
