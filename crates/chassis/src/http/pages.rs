//! The account pages: `/set-up`, `/invite`, `/reset` and `/sign-in`, in both languages. They stay plain pages of the server beside
//! the console (decision 0033).
//! They are written once at the start; a small script sends their forms to the API.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use super::home::escape;
use crate::auth::Role;
use crate::auth::password::{LONGEST, SHORTEST};
use crate::i18n::{Catalogue, Language};
use crate::service::{Sample, Service};

const SCRIPT: &str = include_str!("pages/pages.js");
const STYLE: &str = include_str!("pages/pages.css");

/// Nothing inline, and nothing from elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; \
     frame-ancestors 'none'; base-uri 'none'",
);

/// The addresses of the pages, and of what they load.
pub(super) const ADDRESSES: [&str; 6] = [
    "/set-up",
    "/invite",
    "/reset",
    "/sign-in",
    "/pages/pages.css",
    "/pages/pages.js",
];

/// The pages, in both languages.
pub(super) struct Pages(Vec<(&'static str, [String; 2])>);

impl Pages {
    pub(super) fn new(
        services: &[Arc<dyn Service>],
        catalogue: &Catalogue,
        has_console: bool,
    ) -> Self {
        let mark = services
            .iter()
            .find_map(|service| service.samples().into_iter().next());
        let page = |name, language| {
            Writer {
                catalogue,
                language,
                mark: mark.as_ref(),
                has_console,
            }
            .page(name)
        };
        let both =
            |name| [Language::English, Language::French].map(|language| page(name, language));
        Self(
            ["set-up", "invite", "reset", "sign-in"]
                .map(|name| (name, both(name)))
                .into(),
        )
    }

    /// What stands at one of [`ADDRESSES`]. `lang` in the query is stronger than the browser's language.
    pub(super) fn answer(&self, path: &str, query: Option<&str>, language: Language) -> Response {
        let asset = |kind: &'static str, text: &'static str| {
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "no-cache"),
            ];
            (headers, text).into_response()
        };
        match path {
            "/pages/pages.css" => return asset("text/css; charset=utf-8", STYLE),
            "/pages/pages.js" => return asset("text/javascript; charset=utf-8", SCRIPT),
            _ => {}
        }
        let chosen = query.into_iter().flat_map(|query| query.split('&'));
        let chosen = chosen
            .filter_map(|pair| pair.strip_prefix("lang="))
            .find_map(Language::from_tag);
        let language = chosen.unwrap_or(language);
        let page = self
            .0
            .iter()
            .find(|(name, _)| path.strip_prefix('/') == Some(name));
        let Some((_, texts)) = page else {
            return super::problem::Problem::not_found().into_response();
        };
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            ),
            (
                header::CONTENT_LANGUAGE,
                HeaderValue::from_static(language.code()),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::VARY, HeaderValue::from_static("accept-language")),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ];
        (
            headers,
            texts[usize::from(language == Language::French)].clone(),
        )
            .into_response()
    }
}

struct Writer<'a> {
    catalogue: &'a Catalogue,
    language: Language,
    mark: Option<&'a Sample>,
    has_console: bool,
}

/// A form's head: where it goes, what the script does after it, and more attributes.
struct Form<'a> {
    action: &'a str,
    after: &'a str,
    more: &'a str,
}

impl Writer<'_> {
    fn say(&self, key: &str) -> String {
        let range = vec![
            ("minimum", SHORTEST.to_string()),
            ("maximum", LONGEST.to_string()),
        ];
        let text = escape(&self.catalogue.text(self.language, key, &range));
        // Words to be typed stand between backquotes.
        let parts = text.split('`').enumerate();
        parts.fold(String::new(), |all, (at, part)| match at % 2 {
            0 => all + part,
            _ => all + "<code>" + part + "</code>",
        })
    }

    fn page(&self, name: &str) -> String {
        let title = match name {
            "set-up" => "pages.set_up",
            "invite" => "pages.invite",
            "reset" => "pages.reset",
            _ => "pages.sign_in",
        };
        let content = match name {
            "set-up" => self.set_up(),
            "invite" => self.invite(),
            "reset" => self.reset(),
            _ => self.sign_in(),
        };
        let (title, code) = (self.say(title), self.language.code());
        let (other, other_name) = match self.language {
            Language::English => ("fr", "Français"),
            Language::French => ("en", "English"),
        };
        let mut html = String::with_capacity(4096);
        let roles = Role::ALL.iter().fold(String::new(), |all, role| {
            let key = match role {
                Role::Viewer => "pages.role_viewer",
                Role::Member => "pages.role_member",
                Role::Operator => "pages.role_operator",
                Role::Admin => "pages.role_admin",
                Role::Owner => "pages.role_owner",
            };
            all + &format!(" data-role{role}=\"{}\"", self.say(key))
        });
        // Writing to a text cannot fail.
        let _ = write!(
            html,
            "<!doctype html><html lang=\"{code}\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
             <title>{title} · Aplomb</title>{}<link rel=\"stylesheet\" href=\"/pages/pages.css\">\
             <script src=\"/pages/pages.js\" type=\"module\"></script>\
             <body data-page=\"{name}\" data-offline=\"{}\"{roles}><main>{}<div class=\"card\">\
             <noscript><p>{}</p></noscript>{content}</div></main>\
             <footer><a href=\"?lang={other}\" hreflang=\"{other}\" lang=\"{other}\">{other_name}</a></footer></body></html>",
            self.icon(),
            self.say("pages.offline"),
            self.brand(),
            self.say("pages.needs_script"),
        );
        html
    }

    fn icon(&self) -> String {
        self.mark.map_or_else(String::new, |mark| {
            let address = escape(&mark.address);
            format!("<link rel=\"icon\" type=\"image/svg+xml\" href=\"{address}&amp;size=32\">")
        })
    }

    fn brand(&self) -> String {
        let picture = self.mark.map_or_else(String::new, |mark| {
            format!(
                "<picture><source media=\"(prefers-color-scheme:dark)\" srcset=\"{}\"><img src=\"{}\" alt=\"\" width=\"36\" height=\"36\"></picture>",
                escape(&mark.dark_address),
                escape(&mark.address)
            )
        });
        format!("<p class=\"brand\"><a href=\"/\">{picture}Aplomb</a></p>")
    }

    /// One of the states that a page can be in; the script shows one at a time.
    fn state(&self, name: &str, title: &str, lead: &str, content: &str) -> String {
        let (title, lead) = (self.say(title), self.say(lead));
        format!(
            "<section data-state=\"{name}\" hidden><h1 tabindex=\"-1\">{title}</h1><p class=\"lead\">{lead}</p>{content}</section>"
        )
    }

    fn form(&self, head: &Form<'_>, fields: &str, button: &str) -> String {
        let Form {
            action,
            after,
            more,
        } = head;
        format!(
            "<form data-action=\"{action}\" data-after=\"{after}\" novalidate {more}>\
             <p class=\"status\" role=\"alert\" hidden></p>{fields}<button type=\"submit\">{}</button></form>",
            self.say(button)
        )
    }

    /// A labelled field with a place for its hint and for what is wrong with it. `id` and `name` are told apart, as a page may
    /// hold two forms with the same field.
    fn field(
        &self,
        id: &str,
        name: &str,
        label: &str,
        attributes: &str,
        hint: Option<&str>,
    ) -> String {
        let is_secret = attributes.contains("type=\"password\"");
        let described = if hint.is_some() {
            format!("{id}-hint {id}-error")
        } else {
            format!("{id}-error")
        };
        let input = format!(
            "<input id=\"{id}\" name=\"{name}\" aria-describedby=\"{described}\" {attributes}>"
        );
        let input = if is_secret {
            let show = self.say("pages.show");
            format!(
                "<div class=\"secret\">{input}<button type=\"button\" data-reveal=\"{id}\" aria-pressed=\"false\" aria-controls=\"{id}\">{show}</button></div>"
            )
        } else {
            input
        };
        let hint = hint.map_or_else(String::new, |hint| {
            format!("<p class=\"hint\" id=\"{id}-hint\">{}</p>", self.say(hint))
        });
        format!(
            "<div class=\"field\"><label for=\"{id}\">{}</label>{input}{hint}<p class=\"error\" id=\"{id}-error\" aria-live=\"polite\"></p></div>",
            self.say(label)
        )
    }

    fn new_password(&self, label: &str) -> String {
        let attributes = "type=\"password\" autocomplete=\"new-password\" required";
        self.field(
            "password",
            "password",
            label,
            attributes,
            Some("pages.password_rules"),
        )
    }

    fn old_password(&self) -> String {
        let attributes = "type=\"password\" autocomplete=\"current-password\" required";
        self.field("current", "password", "pages.password", attributes, None)
    }

    fn email(&self) -> String {
        let attributes = "type=\"email\" autocomplete=\"username\" inputmode=\"email\" autocapitalize=\"none\" spellcheck=\"false\" required";
        self.field("email", "email", "pages.email", attributes, None)
    }

    fn to_sign_in(&self) -> String {
        format!(
            "<p class=\"more\"><a href=\"/sign-in?lang={}\">{}</a></p>",
            self.language.code(),
            self.say("pages.to_sign_in")
        )
    }

    fn to_reset(&self, label: &str) -> String {
        format!(
            "<p class=\"more\"><a href=\"/reset?lang={}\">{}</a></p>",
            self.language.code(),
            self.say(label)
        )
    }

    fn set_up(&self) -> String {
        let name = self.field(
            "name",
            "name",
            "pages.name",
            "autocomplete=\"name\" required",
            None,
        );
        let fields = name + &self.email() + &self.new_password("pages.password");
        let head = Form {
            action: "/api/v1/auth/set-up",
            after: "set-up",
            more: "data-token",
        };
        self.state(
            "form",
            "pages.set_up",
            "pages.set_up_lead",
            &self.form(&head, &fields, "pages.set_up_button"),
        ) + &self.state(
            "no-link",
            "pages.set_up",
            "pages.set_up_no_link",
            &self.to_sign_in(),
        ) + &self.state(
            "done",
            "pages.set_up_done",
            "pages.set_up_done_lead",
            &self.to_sign_in(),
        )
    }

    fn invite(&self) -> String {
        let facts = self.facts(&[
            ("pages.workspace", "workspace"),
            ("pages.role", "role"),
            ("pages.email", "email"),
        ]);
        let name = self.field("name", "name", "pages.name", "autocomplete=\"name\"", None);
        let fields = format!(
            "{facts}<div data-new-account hidden>{name}{}</div><div data-old-account hidden>{}</div>",
            self.new_password("pages.password"),
            self.old_password()
        );
        let head = Form {
            action: "/api/v1/auth/invite/accept",
            after: "invite",
            more: "data-token",
        };
        let problem =
            "<p class=\"status\" data-fill=\"problem\"></p>".to_owned() + &self.to_sign_in();
        self.state(
            "form",
            "pages.invite",
            "pages.invite_lead",
            &self.form(&head, &fields, "pages.invite_button"),
        ) + &self.state(
            "no-link",
            "pages.invite_over",
            "pages.invite_no_link",
            &problem,
        ) + &self.state(
            "done",
            "pages.invite_done",
            "pages.set_up_done_lead",
            &self.to_sign_in(),
        )
    }

    fn reset(&self) -> String {
        let ask = Form {
            action: "/api/v1/auth/reset",
            after: "ask",
            more: "",
        };
        let set = Form {
            action: "/api/v1/auth/reset/confirm",
            after: "reset",
            more: "data-token",
        };
        let asked = self.form(&ask, &self.email(), "pages.reset_ask_button") + &self.to_sign_in();
        self.state("ask", "pages.reset_ask", "pages.reset_ask_lead", &asked)
            + &self.state(
                "sent",
                "pages.reset_sent",
                "pages.reset_sent_lead",
                &self.to_sign_in(),
            )
            + &self.state(
                "form",
                "pages.reset",
                "pages.reset_lead",
                &(self.form(
                    &set,
                    &self.new_password("pages.new_password"),
                    "pages.reset_button",
                ) + &self.to_reset("pages.reset_again")),
            )
            + &self.state(
                "done",
                "pages.reset_done",
                "pages.set_up_done_lead",
                &self.to_sign_in(),
            )
    }

    fn sign_in(&self) -> String {
        let code = self.field(
            "totp",
            "totp",
            "pages.code",
            "autocomplete=\"one-time-code\" autocapitalize=\"none\" spellcheck=\"false\"",
            Some("pages.code_hint"),
        );
        let fields = format!(
            "{}{}<div data-code hidden>{code}</div>",
            self.email(),
            self.old_password()
        );
        let head = Form {
            action: "/api/v1/auth/login",
            after: "sign-in",
            more: "",
        };
        let forgotten = self.to_reset("pages.forgotten");
        let facts = self.facts(&[
            ("pages.name", "name"),
            ("pages.email", "email"),
            ("pages.workspace", "workspace"),
            ("pages.role", "role"),
        ]);
        let out = Form {
            action: "/api/v1/auth/logout",
            after: "sign-out",
            more: "data-empty class=\"quiet\"",
        };
        let start = if self.has_console {
            "pages.to_console"
        } else {
            "pages.to_start"
        };
        let start = format!(
            "<p class=\"more\"><a href=\"/\" data-next>{}</a></p>",
            self.say(start)
        );
        self.state(
            "form",
            "pages.sign_in",
            "pages.sign_in_lead",
            &(self.form(&head, &fields, "pages.sign_in_button") + &forgotten),
        ) + &self.state(
            "done",
            "pages.signed_in",
            "pages.signed_in_lead",
            &(facts + &self.form(&out, "", "pages.sign_out") + &start),
        )
    }

    /// What the script fills in.
    fn facts(&self, rows: &[(&str, &str)]) -> String {
        let row = |(label, name): &(&str, &str)| {
            format!("<dt>{}</dt><dd data-fill=\"{name}\"></dd>", self.say(label))
        };
        format!("<dl>{}</dl>", rows.iter().map(row).collect::<String>())
    }
}
