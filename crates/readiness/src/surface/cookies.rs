//! Flags of cookies.

use chassis::check::ground::Wishes;
use chassis::check::{About, Answer, Area, Check, Finding, Method, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::{operations, unlimited};
use crate::actors;

/// Operations that are asked for cookies of a foreign system.
const MOST_ASKED: usize = 40;

/// `surface.cookies`.
pub(crate) struct Cookies;

impl Check for Cookies {
    fn about(&self) -> About {
        About {
            id: "surface.cookies",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "Cookies are out of reach for scripts, other sites and plain HTTP",
                "Les cookies sont hors de portée des scripts, des autres sites et du HTTP en clair",
            ),
            what: Words::new(
                "Signs in as a browser does, once as if through a proxy that ends TLS (`X-Forwarded-Proto: https`) and once without, and reads each `Set-Cookie`, that of signing out too. Of a foreign system: every cookie that it sets when asked for its documented pages.",
                "Se connecte comme un navigateur, une fois comme à travers un mandataire qui termine TLS (`X-Forwarded-Proto: https`) et une fois sans, puis lit chaque `Set-Cookie`, celui de la déconnexion compris. Pour un système tiers : tout cookie posé quand on demande ses pages documentées.",
            ),
            passes: Words::new(
                "each has HttpOnly, SameSite and Path=/; under TLS also Secure and a name that begins with __Host-; the plain name stands in development without TLS only",
                "chacun porte HttpOnly, SameSite et Path=/ ; sous TLS, aussi Secure et un nom qui commence par __Host- ; le nom simple n’existe qu’en développement sans TLS",
            ),
            by_hand: Words::new(
                "curl -si -H 'X-Forwarded-Proto: https' -H 'content-type: application/json' -d '{\"email\":\"me@example.org\",\"password\":\"…\"}' http://localhost:8080/api/v1/auth/login | grep -i set-cookie",
                "curl -si -H 'X-Forwarded-Proto: https' -H 'content-type: application/json' -d '{\"email\":\"moi@example.org\",\"password\":\"…\"}' http://localhost:8080/api/v1/auth/login | grep -i set-cookie",
            ),
            when_it_fails: Words::new(
                "First: the proxy does not say that it ended TLS, or is not named in `http.trusted_proxies`; then the server believes that it is spoken to in plain HTTP. Second: a proxy rewrites cookies (`proxy_cookie_flags`, `proxy_cookie_path`): remove the rule. Third: a fault of the program: report it.",
                "D’abord : le mandataire ne dit pas qu’il a terminé TLS, ou ne figure pas dans `http.trusted_proxies` ; le serveur croit alors qu’on lui parle en clair. Ensuite : un mandataire réécrit les cookies (`proxy_cookie_flags`, `proxy_cookie_path`) : ôtez la règle. Enfin : une faute du programme : signalez-la.",
            ),
            weight: 5,
            is_required: true,
            disturbs: true,
            needs: &[],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let (cookies, faults) = if subject.ground.is_some() {
        own(subject).await?
    } else {
        elsewhere(subject).await?
    };
    let counted = Said::new(format!("{cookies} cookies"), format!("{cookies} cookies"));
    let required = Said::new(
        "HttpOnly, SameSite, Path=/; under TLS Secure and __Host-",
        "HttpOnly, SameSite, Path=/ ; sous TLS, Secure et __Host-",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

async fn own(subject: &Subject) -> Result<(usize, Vec<String>), Trouble> {
    let mut faults = Vec::new();
    let mut cookies = 0;
    let trusting = |wishes: Wishes| wishes.set("http.trusted_proxies", "127.0.0.1");
    let development = subject.start(trusting(unlimited())).await?;
    actors::create_user(development.as_ref(), actors::OWNER, "owner", None).await?;
    let staging = trusting(unlimited()).set("profile", "staging");
    let staging = subject.start(staging).await?;
    actors::create_user(staging.as_ref(), actors::OWNER, "owner", None).await?;
    let ways = [
        ("under TLS", &development, true, true),
        ("without TLS in development", &development, false, false),
        ("without TLS in staging", &staging, false, true),
    ];
    for (way, instance, over_tls, must_be_secure) in ways {
        let at = subject.at(&instance.base());
        let set = signed_in_and_out(&at, over_tls).await?;
        if set.len() < 2 {
            faults.push(format!(
                "{way}: signing in and out set {} cookies, not 2",
                set.len()
            ));
        }
        for cookie in &set {
            look(way, cookie, must_be_secure, &mut faults);
        }
        cookies += set.len();
    }
    Ok((cookies, faults))
}

/// What is set when a browser signs in, and out again.
async fn signed_in_and_out(at: &Subject, over_tls: bool) -> Result<Vec<String>, Trouble> {
    let scheme = if over_tls { "https" } else { "http" };
    let body = json!({ "email": actors::OWNER, "password": actors::PASSWORD });
    let from_browser = |path| {
        at.request(Method::POST, path)
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-proto", scheme)
    };
    let answer = Answer::to(from_browser("/api/v1/auth/login").json(&body)).await?;
    answer.expect(200)?;
    let mut all = set_cookies(&answer);
    let pair = all.first().and_then(|cookie| cookie.split(';').next());
    if let Some(pair) = pair.map(str::to_owned) {
        let request = from_browser("/api/v1/auth/logout")
            .header("cookie", pair)
            .json(&json!({}));
        all.extend(set_cookies(&Answer::to(request).await?));
    }
    Ok(all)
}

/// Cookies that a foreign system sets by itself.
async fn elsewhere(subject: &Subject) -> Result<(usize, Vec<String>), Trouble> {
    let document = subject.document.as_ref();
    let operations = document.map(operations::all).unwrap_or_default();
    let plain = operations.iter().filter(|own| own.is_plain());
    let paths = plain.map(|own| own.path.as_str()).take(MOST_ASKED);
    let under_tls = subject.base.starts_with("https:");
    let mut faults = Vec::new();
    let (mut asked, mut cookies) = (0, 0);
    for path in std::iter::once("/").chain(paths) {
        let mut request = subject.request(Method::GET, path);
        if let Some(token) = &subject.token {
            request = request.bearer_auth(token);
        }
        let answer = Answer::to(request).await?;
        asked += 1;
        for cookie in set_cookies(&answer) {
            cookies += 1;
            look(path, &cookie, under_tls, &mut faults);
        }
    }
    if cookies == 0 {
        return Err(Trouble::not_verifiable(
            format!("none of {asked} answers set a cookie"),
            format!("aucune des {asked} réponses n’a posé de cookie"),
        ));
    }
    Ok((cookies, faults))
}

fn set_cookies(answer: &Answer) -> Vec<String> {
    let values = answer.headers.get_all("set-cookie").iter();
    values
        .filter_map(|value| value.to_str().ok())
        .map(str::to_owned)
        .collect()
}

fn look(place: &str, cookie: &str, must_be_secure: bool, faults: &mut Vec<String>) {
    let mut parts = cookie.split(';').map(str::trim);
    let name = parts.next().and_then(|pair| pair.split('=').next());
    let name = name.unwrap_or_default();
    let flags: Vec<String> = parts.map(str::to_lowercase).collect();
    let has = |flag: &str| flags.iter().any(|own| own == flag);
    let mut say = |what: &str| faults.push(format!("{place}: the cookie {name:?} {what}"));
    if !has("httponly") {
        say("lacks HttpOnly: scripts read it");
    }
    if !has("samesite=lax") && !has("samesite=strict") {
        say("lacks SameSite=Lax or Strict: other sites send it");
    }
    if !has("path=/") {
        say("lacks Path=/");
    }
    if must_be_secure && !has("secure") {
        say("lacks Secure: it goes out in plain HTTP");
    }
    if must_be_secure && !name.starts_with("__Host-") {
        say("lacks the prefix __Host-: a neighbour below the same domain can set it");
    }
    if flags.iter().any(|flag| flag.starts_with("domain=")) {
        say("names a Domain: every host below it gets it");
    }
}
