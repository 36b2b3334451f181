//! `/`: the start page, until the console takes its place. It shows what runs, with real pictures.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::i18n::{Catalogue, Language};
use crate::service::{Sample, Service};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);

const STYLE: &str = include_str!("home.css");

/// What the page shows, in both languages, written once.
pub struct Home {
    pages: [String; 2],
}

impl Home {
    /// The page of the services that run.
    pub fn new(services: &[Arc<dyn Service>], catalogue: &Catalogue) -> Self {
        Self {
            pages: [Language::English, Language::French]
                .map(|language| page(services, catalogue, language)),
        }
    }

    /// The page in the caller's language.
    pub fn answer(&self, language: Language) -> Response {
        let page = self.pages[usize::from(language == Language::French)].clone();
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            ),
            (
                header::CONTENT_LANGUAGE,
                HeaderValue::from_static(language.code()),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::VARY, HeaderValue::from_static("accept-language")),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ];
        (headers, page).into_response()
    }
}

fn page(services: &[Arc<dyn Service>], catalogue: &Catalogue, language: Language) -> String {
    let say = |key: &str| escape(&catalogue.text(language, key, &Vec::new()));
    let mut html = String::with_capacity(8192);
    let code = language.code();
    // Writing to a text cannot fail.
    let _ = write!(
        html,
        "<!doctype html><html lang=\"{code}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Aplomb</title>{}<style>{STYLE}</style>\
         <main><header><h1>Aplomb</h1><p>{}</p></header><nav>\
         <a href=\"/docs/\">{}</a><a href=\"/api/openapi.json\">OpenAPI 3.1</a><a href=\"/health\">{}</a>\
         <a href=\"/metrics\">{}</a></nav>",
        icon(services),
        say("home.lead"),
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
                 <source media=\"(prefers-color-scheme:dark)\" srcset=\"{dark}\"><img src=\"{address}\" alt=\"{caption}\" width=\"96\" height=\"96\"></picture>\
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
