//! How much a stranger may send.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, stream};

use super::{operations, raw, unlimited, with_key};

/// What an own instance may be sent, and what it is sent.
const LIMIT: usize = 64 * 1024;
/// Beyond what sockets keep for a reader that does not read.
const HUGE: usize = 32 << 20;
const CHUNK: usize = 64 * 1024;

/// `surface.body_limit`.
pub(crate) struct BodyLimit;

impl Check for BodyLimit {
    fn about(&self) -> About {
        About {
            id: "surface.body_limit",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "A body that is too large is refused, however it is sent",
                "Un corps trop grand est refusé, quelle que soit la façon de l’envoyer",
            ),
            what: Words::new(
                "With `http.body_limit_bytes` at 64 KiB, sends twice that, with its length said beforehand and in chunks, to a JSON route and as a file; then looks that what is just allowed is taken and that the server goes on. To a foreign system: a JSON body of 32 MiB in chunks.",
                "Avec `http.body_limit_bytes` à 64 Kio, envoie le double, longueur annoncée puis par morceaux, à une route JSON et comme fichier ; vérifie ensuite que ce qui est tout juste permis passe et que le serveur continue. À un système tiers : un corps JSON de 32 Mio par morceaux.",
            ),
            passes: Words::new(
                "413 each time, and the server goes on",
                "413 chaque fois, et le serveur continue",
            ),
            by_hand: Words::new(
                "head -c 4000000 /dev/zero | curl -si -H 'content-type: application/json' -H 'Transfer-Encoding: chunked' --data-binary @- http://localhost:8080/api/v1/auth/login | head -1",
                "head -c 4000000 /dev/zero | curl -si -H 'content-type: application/json' -H 'Transfer-Encoding: chunked' --data-binary @- http://localhost:8080/api/v1/auth/login | head -1",
            ),
            when_it_fails: Words::new(
                "The setting `http.body_limit_bytes` is greater than you think (`aplomb config show`), or a proxy gathers bodies before it passes them on: set its own limit (`client_max_body_size`).",
                "Le réglage `http.body_limit_bytes` est plus grand que prévu (`aplomb config show`), ou un mandataire rassemble les corps avant de les transmettre : fixez sa propre limite (`client_max_body_size`).",
            ),
            weight: 4,
            is_required: true,
            disturbs: true,
            needs: &[Need::Leave],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        body_limit(subject).boxed()
    }
}

async fn body_limit(subject: &Subject) -> Result<Finding, Trouble> {
    if subject.ground.is_none() {
        return foreign_body(subject).await;
    }
    let wishes = unlimited().set("http.body_limit_bytes", LIMIT);
    let instance = subject.start(wishes).await?;
    let at = with_key(subject, instance.as_ref()).await?;
    let key = at.token.clone().unwrap_or_default();
    let json = |n: usize| format!("\"{}\"", "a".repeat(n - 2)).into_bytes();
    let login = || {
        let request = at.request(Method::POST, "/api/v1/auth/login");
        request.header("content-type", "application/json")
    };
    let file = || {
        let request = at.request(Method::POST, "/api/v1/objects?name=large.bin");
        let request = request.header("content-type", "application/octet-stream");
        request.bearer_auth(&key)
    };
    let many = 2 * LIMIT;
    let chunks = || reqwest::Body::wrap_stream(pieces(many, &Arc::default()));
    let refused = [
        ("JSON with its length", login().body(json(many))),
        ("JSON in chunks", login().body(chunks())),
        ("a file with its length", file().body(vec![0; many])),
        ("a file in chunks", file().body(chunks())),
    ];
    let mut faults = Vec::new();
    for (what, request) in refused {
        // What refuses a body may close the connection over the rest of it: it is nobody's next one.
        match Answer::to(request.header("connection", "close")).await {
            Ok(answer) if answer.status == 413 => {}
            Ok(answer) => faults.push(format!(
                "{what}, {many} bytes where {LIMIT} are allowed: {} came, not 413",
                answer.status.as_u16()
            )),
            Err(trouble) => faults.push(format!("{what}: no answer, {trouble}")),
        }
    }
    let allowed = [
        ("JSON at the limit", login().body(json(LIMIT))),
        ("a file below the limit", file().body(vec![0; LIMIT])),
    ];
    for (what, request) in allowed {
        let answer = Answer::to(request).await?;
        if answer.status == 413 || answer.status.is_server_error() {
            let status = answer.status.as_u16();
            faults.push(format!("{what} is refused with {status}"));
        }
    }
    let alive = at.get("/livez").await?;
    if alive.status != 200 {
        faults.push(format!("afterwards /livez says {}", alive.status.as_u16()));
    }
    let counted = Said::new(
        "4 bodies too large, 2 within the limit",
        "4 corps trop grands, 2 dans la limite",
    );
    Ok(Finding::of_faults(faults, counted, required_413()))
}

fn required_413() -> Said {
    Said::new(
        "413 for what is too large, and the server goes on",
        "413 pour ce qui est trop grand, et le serveur continue",
    )
}

async fn foreign_body(subject: &Subject) -> Result<Finding, Trouble> {
    let document = subject.document.as_ref();
    let operations = document.map(operations::all).unwrap_or_default();
    let taking = |own: &&operations::Operation| own.takes_json && own.method == Method::POST;
    let Some(operation) = operations.iter().find(taking) else {
        return Err(Trouble::not_verifiable(
            "no operation of its document takes a JSON body by POST",
            "aucune opération de son document ne prend un corps JSON par POST",
        ));
    };
    let sent = Arc::new(AtomicUsize::new(0));
    let mut request = subject
        .request(Method::POST, &operation.address(None))
        .header("content-type", "application/json")
        .body(reqwest::Body::wrap_stream(pieces(HUGE, &sent)));
    if let Some(token) = &subject.token {
        request = request.bearer_auth(token);
    }
    let answer = Answer::once(request).await;
    let taken = sent.load(Ordering::Relaxed);
    let alive = subject.get("/").await?;
    let status = answer.as_ref().map_or(0, |answer| answer.status.as_u16());
    let mut faults = Vec::new();
    match status {
        413 => {}
        _ if taken < HUGE => {}
        401 | 403 => {
            return Err(Trouble::not_verifiable(
                "the operation lets nobody in without credentials; give them with --token",
                "l’opération ne laisse entrer personne sans identifiants ; donnez-les avec --token",
            ));
        }
        _ => faults.push(format!(
            "POST {}: 32 MiB of JSON were read to the end, and {status} came, not 413",
            operation.path
        )),
    }
    if alive.status.is_server_error() {
        faults.push(format!("afterwards / says {}", alive.status.as_u16()));
    }
    let counted = Said::new("1 body of 32 MiB", "1 corps de 32 Mio");
    Ok(Finding::of_faults(faults, counted, required_413()))
}

/// A JSON text of so many bytes in pieces, counted as they are fetched.
fn pieces(
    total: usize,
    sent: &Arc<AtomicUsize>,
) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    let sent = sent.clone();
    stream::iter((0..total.div_ceil(CHUNK)).map(move |number| {
        let mut piece = vec![b'a'; CHUNK];
        if number == 0 {
            piece[0] = b'"';
        }
        sent.fetch_add(CHUNK, Ordering::Relaxed);
        Ok(Bytes::from(piece))
    }))
}

/// `surface.header_limit`.
pub(crate) struct HeaderLimit;

impl Check for HeaderLimit {
    fn about(&self) -> About {
        About {
            id: "surface.header_limit",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "A head that is too large is refused",
                "Un en-tête de requête trop grand est refusé",
            ),
            what: Words::new(
                "Sends one header of 64 KiB, three hundred headers, and an address of 12 KiB (to a foreign system: one header of 1 MiB), and looks that the server goes on.",
                "Envoie un en-tête de 64 Kio, trois cents en-têtes et une adresse de 12 Kio (à un système tiers : un en-tête de 1 Mio), puis vérifie que le serveur continue.",
            ),
            passes: Words::new(
                "431, 414 or 400, or the connection is cut; the server goes on",
                "431, 414 ou 400, ou la connexion est coupée ; le serveur continue",
            ),
            by_hand: Words::new(
                "curl -si -H \"x-large: $(head -c 65536 /dev/zero | tr '\\0' a)\" http://localhost:8080/livez | head -1",
                "curl -si -H \"x-large: $(head -c 65536 /dev/zero | tr '\\0' a)\" http://localhost:8080/livez | head -1",
            ),
            when_it_fails: Words::new(
                "The setting `http.header_limit_bytes` was raised, or a proxy in front takes more than the server does: `large_client_header_buffers`.",
                "Le réglage `http.header_limit_bytes` a été relevé, ou un mandataire placé devant accepte plus que le serveur : `large_client_header_buffers`.",
            ),
            weight: 2,
            is_required: false,
            disturbs: true,
            needs: &[Need::Leave],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        header_limit(subject).boxed()
    }
}

async fn header_limit(subject: &Subject) -> Result<Finding, Trouble> {
    let is_own = subject.ground.is_some();
    let (base, page, _instance) = if is_own {
        let instance = subject.start(unlimited()).await?;
        (instance.base(), "/livez", Some(instance))
    } else {
        (subject.base.clone(), "/", None)
    };
    let Some(place) = raw::place(&base) else {
        return Err(Trouble::not_verifiable(
            "such heads are sent without TLS only: run it against the server's own http address, behind the proxy",
            "de tels en-têtes ne s’envoient que sans TLS : lancez l’épreuve sur l’adresse http du serveur, derrière le mandataire",
        ));
    };
    let head = |target: &str, fields: &str| {
        format!("GET {target} HTTP/1.1\r\nhost: {place}\r\nconnection: close\r\n{fields}\r\n")
    };
    let large = |n: usize| format!("x-large: {}\r\n", "a".repeat(n));
    let many = "x-a: a\r\n".repeat(300);
    let long = format!("{page}?a={}", "a".repeat(12 * 1024));
    let mut probes = vec![("one header of 1 MiB", head(page, &large(1 << 20)))];
    if is_own {
        probes = vec![
            ("one header of 64 KiB", head(page, &large(64 << 10))),
            ("300 headers", head(page, &many)),
            ("an address of 12 KiB", head(&long, "")),
        ];
    }
    let mut faults = Vec::new();
    let tried = probes.len();
    for (what, request) in probes {
        let answer = raw::exchange(&place, request.as_bytes(), Duration::from_secs(15)).await?;
        let status = answer.map(|answer| answer.status.as_u16());
        if !matches!(status, None | Some(400 | 413 | 414 | 431)) {
            let status = status.unwrap_or_default();
            faults.push(format!("{what}: {status} came, not 431"));
        }
    }
    let alive = subject.at(&base).get(page).await?;
    if alive.status.is_server_error() {
        faults.push(format!("afterwards {page} says {}", alive.status.as_u16()));
    }
    let counted = Said::new(format!("{tried} heads"), format!("{tried} en-têtes"));
    let required = Said::new(
        "431, 414 or 400, and the server goes on",
        "431, 414 ou 400, et le serveur continue",
    );
    Ok(Finding::of_faults(faults, counted, required))
}
