//! E-mail, handed to the operator's mail server by SMTP (RFC 5321).

use std::error::Error as _;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};

use super::channel::{Fault, Message};
use crate::config::{MailTls, Smtp};
use crate::upstream::{Bulkhead, Policy, Upstream, UpstreamFault, Upstreams};

/// The mail server.
pub(super) struct Mailer {
    from: Mailbox,
    /// None where the certificate to trust cannot be read: said at the start, and each mail waits.
    transport: Option<AsyncSmtpTransport<Tokio1Executor>>,
    upstream: Upstream,
}

/// Connections to the mail server at once.
const CONNECTIONS: u32 = 4;

impl Mailer {
    pub(super) fn new(settings: &Smtp, upstreams: &Upstreams) -> Option<Self> {
        let host = settings.host.as_deref()?;
        let from = settings.from.as_deref()?.parse().ok()?;
        crate::tls::install();
        let transport = transport(settings, host);
        if let Err(reason) = &transport {
            tracing::error!(
                error = reason,
                "mails wait: the certificate in notify.smtp.ca_file cannot be used"
            );
        }
        let policy = Policy {
            timeout: Duration::from_millis(settings.timeout_ms),
            bulkhead: Bulkhead {
                concurrent: CONNECTIONS as usize,
                waiting: 64,
                wait: Duration::from_millis(settings.timeout_ms),
            },
            ..Policy::default()
        };
        Some(Self {
            from,
            transport: transport.ok(),
            upstream: upstreams.open("smtp", policy),
        })
    }

    pub(super) async fn send(&self, message: &Message<'_>) -> Result<(), Fault> {
        let mail = self.compose(message)?;
        let Some(transport) = &self.transport else {
            return Err(Fault::passing("config"));
        };
        let attempt = async {
            match transport.send(mail).await {
                Ok(_) => Ok(Ok(())),
                // What the server answered is the mail's fate, not the server's failure.
                Err(error) => match class(&error) {
                    Ok(fault) => Err(fault),
                    Err(fault) => Ok(Err(fault)),
                },
            }
        };
        match self.upstream.attempt(attempt).await {
            Ok(fate) => fate,
            Err(fault) => Err(Fault::passing(fault.outcome().word())),
        }
    }

    fn compose(&self, message: &Message<'_>) -> Result<Mail, Fault> {
        let to: Address = message
            .target
            .parse()
            .map_err(|_| Fault::lasting("address"))?;
        let created_ms = u64::try_from(message.created_at.unix_ms()).unwrap_or(0);
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        // The same at each attempt, so that a mailbox which got it twice can tell.
        let id = format!("<{}@{}>", message.id, self.from.email.domain());
        Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&message.words.subject)
            .date(UNIX_EPOCH + Duration::from_millis(created_ms))
            .message_id(Some(id))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(
                message.words.plain(),
                message.words.html(message.language),
            ))
            .map_err(|_| Fault::lasting("malformed"))
    }
}

fn transport(settings: &Smtp, host: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let tls = || {
        let mut parameters = TlsParameters::builder(host.to_owned());
        if let Some(path) = &settings.ca_file {
            let pem = std::fs::read(path).map_err(|error| error.to_string())?;
            let certificate = Certificate::from_pem(&pem).map_err(|error| error.to_string())?;
            parameters = parameters.add_root_certificate(certificate);
        }
        parameters.build_rustls().map_err(|error| error.to_string())
    };
    let tls = match settings.tls {
        MailTls::None => Tls::None,
        MailTls::Starttls => Tls::Required(tls()?),
        MailTls::Implicit => Tls::Wrapper(tls()?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(settings.port())
        .tls(tls)
        .timeout(Some(Duration::from_millis(settings.timeout_ms)))
        .pool_config(PoolConfig::new().max_size(CONNECTIONS));
    if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
    }
    Ok(builder.build())
}

/// Sorts the library's error: `Ok` is the server's failure, `Err` what it answered to this mail.
fn class(error: &lettre::transport::smtp::Error) -> Result<UpstreamFault, Fault> {
    if let Some(code) = error.status() {
        let code = u16::from(code);
        return match code {
            421 => Ok(UpstreamFault::Status {
                status: code,
                retry_after: None,
            }),
            // Our account, not the mail: an operator mends the password, and the mail still goes.
            530 | 534 | 535 | 538 => Err(Fault::passing("sign_in")),
            500..=599 => Err(Fault::lasting("rejected")),
            _ => Err(Fault::passing("deferred")),
        };
    }
    if error.is_timeout() {
        Ok(UpstreamFault::Timeout)
    } else if error.is_tls() || is_of_tls(error) {
        Err(Fault::passing("tls"))
    } else if error.is_client() {
        // The server lacks what the configuration asks for: STARTTLS, a way to sign in.
        Err(Fault::passing("unsupported"))
    } else if error.is_response() {
        Ok(UpstreamFault::Interrupted)
    } else {
        Ok(UpstreamFault::Connect)
    }
}

/// A failed handshake after STARTTLS comes as a broken connection with the cause inside.
fn is_of_tls(error: &lettre::transport::smtp::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let io = inner.downcast_ref::<std::io::Error>();
        let own = io.and_then(std::io::Error::get_ref);
        if own.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) {
            return true;
        }
        cause = inner.source();
    }
    false
}
