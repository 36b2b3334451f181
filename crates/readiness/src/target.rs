//! Systems of others: found by their address and OpenAPI document, probed only with their owner's leave.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::check::{self, Answer, Pace, Reach, Subject, Trouble};
use reqwest::Url;
use ring::rand::{SecureRandom, SystemRandom};
use rustix::fs::{Mode, OFlags};
use serde_json::Value;

/// Where a document lies if nobody says.
const USUAL: [&str; 4] = [
    "/api/openapi.json",
    "/openapi.json",
    "/v3/api-docs",
    "/swagger.json",
];
/// Where the owner puts what proves it.
pub const PROOF: &str = "/.well-known/aplomb-proof";
/// Without leave, at most twenty requests a second.
const GAP: Duration = Duration::from_millis(50);
const SECRET_BYTES: usize = 32;

/// A system at an address (`http` or `https`; private addresses too, since the operator names it), with its document: from where it is
/// said to be, else from the usual places, else none. Requests to it are paced.
pub async fn open(
    url: &str,
    openapi: Option<&str>,
    token: Option<&str>,
    pace: Pace,
) -> Result<Subject, Trouble> {
    let base = parsed(url)?;
    let mut subject = Subject::new(base.as_str().trim_end_matches('/'), pace, Reach::Foreign)?;
    check::pace(&subject.base, GAP);
    subject.token = token.map(str::to_owned);
    subject.document = match openapi {
        Some(place) => Some(named(&subject, &base, place).await?),
        None => usual(&subject).await?,
    };
    Ok(subject)
}

/// What the owner of a system has to show at [`PROOF`]: the same each time for one host and one secret, which is made at the first use
/// and kept in a file for its user alone.
pub fn challenge(url: &str, secret: &Path) -> Result<String, Trouble> {
    let url = parsed(url)?;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let key = secret_of(secret)?;
    let text = format!("aplomb-proof\n{host}:{port}");
    let hash = blake3::keyed_hash(&key, text.as_bytes());
    Ok(format!(
        "aplomb-proof-{}",
        URL_SAFE_NO_PAD.encode(hash.as_bytes())
    ))
}

/// Looks whether the system shows exactly this token, and says so in the subject: it may then be probed and loaded.
pub async fn look_for_proof(subject: &mut Subject, token: &str) -> Result<bool, Trouble> {
    let answer = subject.get(PROOF).await?;
    let is_shown = answer.status == 200 && answer.text().trim_end() == token;
    subject.has_leave = is_shown;
    if is_shown {
        check::pace(&subject.base, Duration::ZERO);
    }
    Ok(is_shown)
}

fn parsed(url: &str) -> Result<Url, Trouble> {
    let wrong = |why: String| {
        Trouble::not_verifiable(
            format!("{url} is no address of a system: {why}"),
            format!("{url} n’est pas l’adresse d’un système : {why}"),
        )
    };
    let parsed = Url::parse(url).map_err(|fault| wrong(fault.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return Err(wrong("http://… or https://… is needed".to_owned()));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() || !parsed.username().is_empty() {
        return Err(wrong("it has more than host and path".to_owned()));
    }
    Ok(parsed)
}

/// The document at an address, or at a path of the system.
async fn named(subject: &Subject, base: &Url, place: &str) -> Result<Value, Trouble> {
    let address = base.join(place);
    let address = address.map_err(|fault| Trouble::broke(format!("{place}: {fault}")))?;
    let mut request = subject.client().get(address.clone());
    // Credentials go to the system that they are for.
    if let Some(token) = &subject.token
        && address.origin() == base.origin()
    {
        request = request.bearer_auth(token);
    }
    let answer = Answer::to(request).await?;
    document(&answer).ok_or_else(|| {
        Trouble::not_verifiable(
            format!(
                "{address} shows no OpenAPI document in JSON ({})",
                answer.status.as_u16()
            ),
            format!(
                "{address} ne montre pas de document OpenAPI en JSON ({})",
                answer.status.as_u16()
            ),
        )
    })
}

async fn usual(subject: &Subject) -> Result<Option<Value>, Trouble> {
    for path in USUAL {
        if let Some(document) = document(&subject.get(path).await?) {
            return Ok(Some(document));
        }
    }
    Ok(None)
}

fn document(answer: &Answer) -> Option<Value> {
    let value = answer.json().ok()?;
    let is_one = answer.status == 200
        && value["paths"].is_object()
        && (value["openapi"].is_string() || value["swagger"].is_string());
    is_one.then_some(value)
}

fn secret_of(path: &Path) -> Result<[u8; SECRET_BYTES], Trouble> {
    let named = |fault: std::io::Error| Trouble::broke(format!("{}: {fault}", path.display()));
    match std::fs::read(path) {
        Ok(bytes) => {
            return bytes
                .try_into()
                .map_err(|_| Trouble::broke(format!("{} does not hold 32 bytes", path.display())));
        }
        Err(fault) if fault.kind() == ErrorKind::NotFound => {}
        Err(fault) => return Err(named(fault)),
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(named)?;
    }
    let mut secret = [0_u8; SECRET_BYTES];
    let failed = |_| Trouble::broke("the system gives no random bytes");
    SystemRandom::new().fill(&mut secret).map_err(failed)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR);
    let mut file = std::fs::File::from(file.map_err(|fault| named(fault.into()))?);
    std::io::Write::write_all(&mut file, &secret).map_err(named)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::challenge;

    #[test]
    fn the_proof_of_a_host_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("deep/proof.key");
        let first = challenge("https://a.example", &secret).unwrap();
        assert_eq!(first, challenge("https://a.example/api", &secret).unwrap());
        assert_ne!(first, challenge("https://b.example", &secret).unwrap());
        let other = challenge("https://a.example", &folder.path().join("other.key")).unwrap();
        assert_ne!(first, other);
    }

    #[test]
    fn what_is_no_address_of_a_system_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for url in ["ftp://a.example", "a.example", "https://a.example/?q=1"] {
            assert!(challenge(url, &folder.path().join("key")).is_err(), "{url}");
        }
    }
}
