//! `/` in a binary that carries no console, and the page for addresses that there are not. The start page shows what runs, with real
//! pictures, and where one signs in, or makes the first account while there is none.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderName};
use http::{HeaderValue, StatusCode};

use super::front::Finished;
use crate::auth::set_up::Watch;
use crate::i18n::{Catalogue, Language};
use crate::service::{Sample, Service};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);

const STYLE: &str = include_str!("home.css");

/// What the page shows, written once: by whether somebody has an account, and by language.
pub struct Home {
    pages: [[String; 2]; 2],
    set_up: Arc<Watch>,
}

impl Home {
    /// The page of the services that run.
    pub(crate) fn new(
        services: &[Arc<dyn Service>],
        catalogue: &Catalogue,
        set_up: Arc<Watch>,
    ) -> Self {
        let both = |is_set_up| {
            [Language::English, Language::French]
                .map(|language| page(services, catalogue, language, is_set_up))
        };
        Self {
            pages: [false, true].map(both),
            set_up,
        }
    }

    /// The page in the caller's language.
    pub async fn answer(&self, language: Language) -> Response {
        let pages = &self.pages[usize::from(self.set_up.is_done().await)];
        let page = pages[usize::from(language == Language::French)].clone();
        (headers(language, "no-cache"), page).into_response()
    }
}

fn page(
    services: &[Arc<dyn Service>],
    catalogue: &Catalogue,
    language: Language,
    is_set_up: bool,
) -> String {
    let say = |key: &str| escape(&catalogue.text(language, key, &Vec::new()));
    let set_up = if is_set_up {
        String::new()
    } else {
        format!(
            "<a class=\"first\" href=\"/set-up\">{}</a>",
            say("pages.set_up")
        )
    };
    let mut html = String::with_capacity(8192);
    let code = language.code();
    // Writing to a text cannot fail.
    let _ = write!(
        html,
        "<!doctype html><html lang=\"{code}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Aplomb</title>{}<style>{STYLE}</style>\
         <main><header><h1>Aplomb</h1><p>{}</p></header><nav>\
         {set_up}<a href=\"/sign-in\">{}</a><a href=\"/docs/\">{}</a><a href=\"/api/openapi.json\">OpenAPI 3.1</a><a href=\"/health\">{}</a>\
         <a href=\"/metrics\">{}</a></nav>",
        icon(services),
        say("home.lead"),
        say("pages.sign_in"),
        say("home.docs"),
        say("home.health"),
        say("home.metrics"),
    );
    for service in services {
        let about = say(&format!("{}.about", service.name()));
        let _ = write!(
            html,
            "<section><h2>{}</h2><p>{about}</p><ul>",
            escape(service.name())
        );
        for sample in service.samples() {
            let [address, dark, caption] =
                [&sample.address, &sample.dark_address, &sample.caption].map(|text| escape(text));
            let _ = write!(
                html,
                "<li><a href=\"{address}\"><picture>\
                 <source media=\"(prefers-color-scheme:dark)\" srcset=\"{dark}\"><img src=\"{address}\" alt=\"\" width=\"96\" height=\"96\"></picture>\
                 <span>{caption}</span></a>"
            );
        }
        html.push_str("</ul></section>");
    }
    let _ = write!(
        html,
        "<footer><p>Aplomb {} · {}</p></footer></main></html>",
        env!("CARGO_PKG_VERSION"),
        say("home.absent")
    );
    html
}

/// The page for people at an address that there is not, in both languages.
pub(super) fn nowhere(catalogue: &Catalogue) -> [String; 2] {
    [Language::English, Language::French].map(|language| {
        let say = |key: &str| escape(&catalogue.text(language, key, &Vec::new()));
        format!(
            "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · Aplomb</title><style>{STYLE}</style>\
             <main><header><h1>{title}</h1><p>{}</p></header><nav><a href=\"/\">{}</a></nav></main></html>",
            language.code(),
            say("http.not_found"),
            say("pages.to_start"),
            title = say("pages.nowhere"),
        )
    })
}

/// One of these pages, as the answer 404.
pub(super) fn show_nowhere(pages: &[String; 2], language: Language) -> Response {
    let page = pages[usize::from(language == Language::French)].clone();
    let mut answer = (StatusCode::NOT_FOUND, headers(language, "no-store"), page).into_response();
    answer.extensions_mut().insert(Finished);
    answer
}

fn headers(language: Language, cache: &'static str) -> [(HeaderName, HeaderValue); 5] {
    [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(language.code()),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (header::VARY, HeaderValue::from_static("accept-language")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ]
}

/// The first sample stands in the tab too.
fn icon(services: &[Arc<dyn Service>]) -> String {
    let first = services
        .iter()
        .find_map(|service| service.samples().into_iter().next());
    first.map_or_else(String::new, |Sample { address, .. }| {
        format!(
            "<link rel=\"icon\" type=\"image/svg+xml\" href=\"{}&amp;size=32\">",
            escape(&address)
        )
    })
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
