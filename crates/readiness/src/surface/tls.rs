//! TLS as it is offered to the world: versions, chain, the certificate's end.

use std::time::Duration;

use chassis::check::{About, Area, Check, Finding, Said, Subject, Trouble, Words};
use chassis::clock::{Clock, SystemClock, Timestamp};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::Url;
use reqwest::tls::{TlsInfo, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::raw;
use super::transport::needs_https;

/// A certificate that ends sooner is nobody's plan.
const LEAST_DAYS: i64 = 14;
const DAY_MS: i64 = 86_400_000;
const PATIENCE: Duration = Duration::from_secs(10);
/// Suites that servers of the time of TLS 1.0 and 1.1 take: ECDHE and RSA with AES or 3DES (RFC 4492, RFC 5246).
const OLD_SUITES: [u16; 9] = [
    0xc014, 0xc013, 0xc00a, 0xc009, 0x0039, 0x0033, 0x0035, 0x002f, 0x000a,
];

/// `surface.tls`.
pub(crate) struct Tls;

impl Check for Tls {
    fn about(&self) -> About {
        About {
            id: "surface.tls",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "TLS is modern, its chain verifies, and the certificate lasts",
                "TLS est moderne, sa chaîne est vérifiable et le certificat dure",
            ),
            what: Words::new(
                "Offers TLS 1.0 and 1.1 with hand-written greetings, connects with 1.2 and with 1.3, verifies the chain against the system's roots, and reads the day on which the certificate ends.",
                "Propose TLS 1.0 et 1.1 par des salutations écrites à la main, se connecte en 1.2 et en 1.3, vérifie la chaîne avec les racines du système et lit le jour où le certificat prend fin.",
            ),
            passes: Words::new(
                "1.0 and 1.1 refused, 1.2 or 1.3 accepted, the chain verifies, 14 days or more left",
                "1.0 et 1.1 refusés, 1.2 ou 1.3 accepté, chaîne vérifiée, au moins 14 jours restants",
            ),
            by_hand: Words::new(
                "openssl s_client -connect aplomb.example.org:443 -tls1_1 </dev/null; openssl s_client -connect aplomb.example.org:443 </dev/null | openssl x509 -noout -enddate",
                "openssl s_client -connect aplomb.example.org:443 -tls1_1 </dev/null; openssl s_client -connect aplomb.example.org:443 </dev/null | openssl x509 -noout -enddate",
            ),
            when_it_fails: Words::new(
                "Days left: the renewal has stopped; look at its timer's last run. Chain: the server sends its own certificate without the intermediate one: configure the full chain. Versions: set the proxy's least version to 1.2.",
                "Jours restants : le renouvellement s’est arrêté ; regardez la dernière exécution de son minuteur. Chaîne : le serveur envoie son certificat sans l’intermédiaire : configurez la chaîne complète. Versions : fixez à 1.2 la version minimale du mandataire.",
            ),
            weight: 5,
            is_required: true,
            disturbs: false,
            needs: &[],
            fresh_days: 7,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        async move {
            if !subject.base.starts_with("https:") {
                return Err(needs_https());
            }
            examine(&subject.base, &client, SystemClock.now()).await
        }
        .boxed()
    }
}

fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_info(true)
        .timeout(PATIENCE)
}

/// `client` makes what verifies by the roots that count.
async fn examine(
    base: &str,
    client: &(dyn Fn() -> reqwest::ClientBuilder + Sync),
    now: Timestamp,
) -> Result<Finding, Trouble> {
    let url = Url::parse(base).map_err(|fault| Trouble::broke(fault.to_string()))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let place = format!("{host}:{}", url.port_or_known_default().unwrap_or(443));
    // Also says whether anybody is there: a refusal must not be taken for a strict server.
    drop(raw::connect(&place).await?);
    let mut faults = Vec::new();
    for (name, version) in [("1.0", [3, 1]), ("1.1", [3, 2])] {
        if is_taken(&place, &host, version).await? {
            faults.push(format!("TLS {name} is accepted"));
        }
    }
    let mut taken = Vec::new();
    let mut certificate = None;
    for (name, version) in [("1.2", Version::TLS_1_2), ("1.3", Version::TLS_1_3)] {
        // The chain is looked at below: a wrong one must not hide which versions there are.
        let lenient = client()
            .tls_danger_accept_invalid_certs(true)
            .tls_danger_accept_invalid_hostnames(true)
            .tls_version_min(version)
            .tls_version_max(version)
            .build()?;
        if let Ok(answer) = lenient.get(base).send().await {
            taken.push(name);
            let told = answer.extensions().get::<TlsInfo>();
            certificate = told.and_then(TlsInfo::peer_certificate).map(<[u8]>::to_vec);
        }
    }
    if taken.is_empty() {
        faults.push("neither TLS 1.2 nor 1.3 is accepted".to_owned());
    }
    if let Err(fault) = client().build()?.get(base).send().await {
        faults.push(format!(
            "the chain does not verify: {}",
            Trouble::from(fault)
        ));
    }
    let days = certificate.as_deref().and_then(end_of).map(|end| {
        let left_ms = end.unix_ms() - now.unix_ms();
        left_ms.div_euclid(DAY_MS)
    });
    match days {
        Some(days) if days < 0 => {
            faults.push(format!("the certificate ended {} days ago", -days));
        }
        Some(days) if days < LEAST_DAYS => {
            faults.push(format!("the certificate ends in {days} days"));
        }
        Some(_) => {}
        None => faults.push("the certificate's end cannot be read".to_owned()),
    }
    let taken = taken.join(", ");
    let days = days.map_or_else(|| "?".to_owned(), |days| days.to_string());
    let measured = Said::new(
        format!(
            "{} faults; TLS {taken} accepted; {days} days left",
            faults.len()
        ),
        format!(
            "{} défauts ; TLS {taken} accepté ; {days} jours restants",
            faults.len()
        ),
    );
    let required = Said::new(
        "1.0 and 1.1 refused, 1.2 or 1.3, a chain that verifies, 14 days",
        "1.0 et 1.1 refusés, 1.2 ou 1.3, une chaîne vérifiée, 14 jours",
    );
    Ok(Finding::new(faults.is_empty(), measured, required).faults(faults))
}

/// Whether a server answers a greeting of this version with one of its own in it.
async fn is_taken(place: &str, host: &str, version: [u8; 2]) -> Result<bool, Trouble> {
    let mut stream = raw::connect(place).await?;
    let mut random = [0_u8; 32];
    let fault = |_| Trouble::broke("the system gives no random bytes");
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random).map_err(fault)?;
    let greeting = greeting(host, version, random);
    if stream.write_all(&greeting).await.is_err() {
        return Ok(false);
    }
    // A record's header, the handshake's, and its version: 22 …, 2 …, 3 n.
    let mut answer = [0_u8; 11];
    let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await;
    let has_answered = matches!(read, Ok(Ok(_)));
    Ok(has_answered && answer[0] == 22 && answer[5] == 2 && answer[9..] == version)
}

/// A greeting (RFC 4346, 7.4.1.2) in one record.
fn greeting(host: &str, version: [u8; 2], random: [u8; 32]) -> Vec<u8> {
    let mut extensions = Vec::new();
    let is_name = host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[');
    if is_name {
        // server_name (RFC 6066, 3): a list of one host name.
        let name = counted(host.as_bytes());
        let list = counted(&[&[0], name.as_slice()].concat());
        extensions.extend([&[0, 0], counted(&list).as_slice()].concat());
    }
    // supported_groups: x25519, secp256r1, secp384r1; ec_point_formats: uncompressed (RFC 8422).
    extensions.extend([0, 10, 0, 8, 0, 6, 0, 29, 0, 23, 0, 24]);
    extensions.extend([0, 11, 0, 2, 1, 0]);
    let suites: Vec<u8> = OLD_SUITES
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();
    let mut hello = version.to_vec();
    hello.extend(random);
    hello.push(0);
    hello.extend(counted(&suites));
    hello.extend([1, 0]);
    hello.extend(counted(&extensions));
    let body = counted(&hello);
    let handshake = [&[1, 0], body.as_slice()].concat();
    [&[22, 3, 1], counted(&handshake).as_slice()].concat()
}

/// Bytes with their number in two bytes before them.
fn counted(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

/// When a certificate (DER, RFC 5280, 4.1) ends.
fn end_of(certificate: &[u8]) -> Option<Timestamp> {
    const CONSTRUCTED: u8 = 0x30;
    let (_, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate)?;
    // Version, where it stands, serial number, algorithm, issuer; then the validity, which begins with a time.
    for _ in 0..6 {
        let (tag, content, after) = element(rest)?;
        let first = (tag == CONSTRUCTED).then(|| element(content)).flatten();
        if let Some((0x17 | 0x18, _, end)) = first {
            let (tag, text, _) = element(end)?;
            return time(tag, std::str::from_utf8(text).ok()?);
        }
        rest = after;
    }
    None
}

/// An element's tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let n = usize::from(first & 0x7f);
        if n > 4 {
            return None;
        }
        let digits = rest.get(..n)?;
        length = digits
            .iter()
            .fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
        rest = &rest[n..];
    }
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}

/// `UTCTime` (years from 1950 to 2049) or `GeneralizedTime`.
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let text = match tag {
        0x17 if text.get(..2)? < "50" => format!("20{text}"),
        0x17 => format!("19{text}"),
        _ => text.to_owned(),
    };
    let part = |from: usize, to: usize| text.get(from..to);
    let stamp = format!(
        "{}-{}-{}T{}:{}:{}.000Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    stamp.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;

    use chassis::check::Verdict;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    use super::*;

    const ROOT: &[u8] = include_bytes!("../../tests/tls/ca.pem");
    const GOOD: &[u8] = include_bytes!("../../tests/tls/good.pem");
    const ENDED: &[u8] = include_bytes!("../../tests/tls/ended.pem");
    const KEY: &[u8] = include_bytes!("../../tests/tls/key.pem");

    /// A server with a certificate; each connection is answered once.
    fn serving(certificate: &[u8]) -> String {
        chassis::tls::install();
        let chain = vec![CertificateDer::from_pem_slice(certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        let work = move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                let mut asked = [0; 4096];
                if stream.read(&mut asked).is_ok() {
                    let _ = stream.write_all(
                        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
                    );
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        };
        std::thread::Builder::new().spawn(work).unwrap();
        base
    }

    fn knowing_the_root() -> reqwest::ClientBuilder {
        let root = reqwest::Certificate::from_pem(ROOT).unwrap();
        client().tls_certs_merge([root])
    }

    async fn evidence(
        certificate: &[u8],
        client: fn() -> reqwest::ClientBuilder,
    ) -> (Verdict, String) {
        let base = serving(certificate);
        let now = SystemClock.now();
        let finding = examine(&base, &client, now).await;
        let origin = chassis::check::Origin::default();
        let evidence = chassis::check::Evidence::new(&Tls.about(), finding, (now, now), &origin);
        let said = format!("{} {}", evidence.measured, evidence.faults.join("\n"));
        (evidence.verdict, said)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_modern_server_with_a_known_root_passes() {
        let (verdict, said) = evidence(GOOD, knowing_the_root).await;
        assert_eq!(verdict, Verdict::Pass, "{said}");
        assert!(said.contains("TLS 1.2, 1.3 accepted"), "{said}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_root_that_nobody_knows_is_found() {
        let (verdict, said) = evidence(GOOD, client).await;
        assert_eq!(verdict, Verdict::Fail);
        assert!(said.contains("the chain does not verify"), "{said}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_certificate_that_ended_is_found() {
        let (verdict, said) = evidence(ENDED, knowing_the_root).await;
        assert_eq!(verdict, Verdict::Fail);
        assert!(said.contains("the certificate ended"), "{said}");
        assert!(said.contains("the chain does not verify"), "{said}");
    }

    #[test]
    fn a_certificates_end_is_read_in_both_forms() {
        let ends = [(GOOD, "2125-06-15"), (ENDED, "2020-02-01")];
        for (pem, day) in ends {
            let der = CertificateDer::from_pem_slice(pem).unwrap();
            let end = end_of(&der).unwrap().to_string();
            assert!(end.starts_with(day), "{end}");
        }
        assert_eq!(end_of(&[0x30, 0x82, 0xff]), None);
    }
}
