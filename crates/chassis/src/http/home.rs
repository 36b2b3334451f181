//! `/`: the start page, until the console takes its place. It shows what runs, with real pictures, and where one signs in, or
//! makes the first account while there is none.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::auth::set_up;
use crate::data::Database;
use crate::i18n::{Catalogue, Language};
use crate::service::{Sample, Service};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);

const STYLE: &str = include_str!("home.css");

/// What the page shows, written once: by whether somebody has an account, and by language.
pub struct Home {
    pages: [[String; 2]; 2],
    database: Database,
    /// Once somebody has an account, somebody always has one.
    is_set_up: AtomicBool,
}

impl Home {
    /// The page of the services that run.
    pub fn new(services: &[Arc<dyn Service>], catalogue: &Catalogue, database: &Database) -> Self {
        let both = |is_set_up| {
            [Language::English, Language::French]
                .map(|language| page(services, catalogue, language, is_set_up))
        };
        Self {
            pages: [false, true].map(both),
            database: database.clone(),
            is_set_up: AtomicBool::new(false),
        }
    }

    /// The page in the caller's language.
    pub async fn answer(&self, language: Language) -> Response {
        let pages = &self.pages[usize::from(self.is_set_up().await)];
        let page = pages[usize::from(language == Language::French)].clone();
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

    async fn is_set_up(&self) -> bool {
        if self.is_set_up.load(Ordering::Relaxed) {
            return true;
        }
        // The page says what runs, also where the database does not answer: whoever comes then most likely has an account.
        let is_set_up = set_up::is_done(&self.database).await;
        let is_known = is_set_up.is_ok();
        let is_set_up = is_set_up.unwrap_or(true);
        self.is_set_up
            .store(is_set_up && is_known, Ordering::Relaxed);
        is_set_up
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
