//! The record's signature: ed25519 over its canonical form without the member `signature`.
//!
//! Who changes a verdict, a number or the list changes that form. The score is worked out again besides, since a signature says who
//! answers for a record, not that its sums are right.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chassis::clock::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::canonical::{Canonical, FormFault};
use super::{Outcome, Report, Standing, score, standing_at};

const ALGORITHM: &str = "ed25519";
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// A key file is a few lines.
const MOST_KEY_BYTES: u64 = 16 * 1024;

/// Who answers for a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProofSignature)]
pub struct Signature {
    /// `ed25519`.
    pub algorithm: String,
    /// The public key, 32 bytes in base64.
    pub public_key: String,
    /// The signature of the record's canonical form (RFC 8785) without the member `signature`, 64 bytes in base64.
    pub value: String,
}

/// A key to sign with.
pub struct Key(Ed25519KeyPair);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The file cannot be read or made.
    #[error("{0}")]
    File(#[from] io::Error),
    /// It is no ed25519 key.
    #[error(
        "not an ed25519 private key in PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it"
    )]
    Form,
    /// The machine gives no randomness.
    #[error("the machine gives no random bytes for a key")]
    Chance,
}

impl Key {
    /// Reads a key in PKCS#8 PEM.
    pub fn read(file: &Path) -> Result<Self, KeyFault> {
        let mut text = String::new();
        let opened = std::fs::File::open(file)?;
        opened.take(MOST_KEY_BYTES).read_to_string(&mut text)?;
        Self::from_pem(&text)
    }

    /// Reads the key of a file, and makes it where there is none. Only its owner may read it.
    pub fn read_or_make(file: &Path) -> Result<Self, KeyFault> {
        match Self::read(file) {
            Err(KeyFault::File(fault)) if fault.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let document = document.map_err(|_| KeyFault::Chance)?;
        let pem = format!("{BEGIN}\n{}\n{END}\n", BASE64.encode(document.as_ref()));
        if let Some(folder) = file.parent() {
            make_folder(folder)?;
        }
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file);
        match made {
            Ok(mut made) => made.write_all(pem.as_bytes())?,
            // Another run was quicker.
            Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => return Self::read(file),
            Err(fault) => return Err(fault.into()),
        }
        Self::from_pem(&pem)
    }

    fn from_pem(text: &str) -> Result<Self, KeyFault> {
        let inner = text.split_once(BEGIN).map(|(_, rest)| rest);
        let inner = inner.and_then(|rest| rest.split_once(END));
        let (inner, _) = inner.ok_or(KeyFault::Form)?;
        let inner: String = inner.split_whitespace().collect();
        let document = BASE64.decode(inner).map_err(|_| KeyFault::Form)?;
        // OpenSSL writes the first version of PKCS#8, without the public key.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&document);
        pair.map(Self).map_err(|_| KeyFault::Form)
    }

    /// The public key, in base64.
    pub fn public(&self) -> String {
        BASE64.encode(self.0.public_key().as_ref())
    }

    /// Signs a record.
    pub fn sign(&self, mut report: Report) -> Result<Report, SealFault> {
        report.signature = None;
        let text = serde_json::to_string(&report).map_err(SealFault::Record)?;
        let signed = self.0.sign(Canonical::read(&text)?.text().as_bytes());
        report.signature = Some(Signature {
            algorithm: ALGORITHM.to_owned(),
            public_key: self.public(),
            value: BASE64.encode(signed.as_ref()),
        });
        Ok(report)
    }
}

/// Makes a folder that its owner alone may look into, unless it is there.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

/// Why a record is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SealFault {
    /// It is not JSON of one reading.
    #[error("the record is not canonical JSON: {0}")]
    Form(#[from] FormFault),
    /// It is no record.
    #[error("not the record of a proof: {0}")]
    Record(serde_json::Error),
    /// It is of a form that this program does not know.
    #[error("the record is of format {0}; this program reads format 1")]
    Format(u32),
    /// Nobody signed it.
    #[error("the record is not signed")]
    Unsigned,
    /// It is signed in another way.
    #[error("the record is not signed with ed25519")]
    Algorithm,
    /// The key given is none.
    #[error("`{0}` is not a public key: 32 bytes in base64")]
    PublicKey(String),
    /// It is signed by somebody else.
    #[error("the record is signed with the key {0}, not with the one given")]
    OtherKey(String),
    /// The signature is not of this content.
    #[error("the signature does not fit: the record was changed after it was signed")]
    Signature,
    /// The figures are not those of the evidence.
    #[error("the record says {what} {said}, and its evidence makes {counted}")]
    Figures {
        /// Which figure.
        what: &'static str,
        /// What the record says.
        said: String,
        /// What the evidence makes.
        counted: String,
    },
}

/// A record whose signature and figures hold.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The record.
    pub report: Report,
    /// The key that signed it.
    pub public_key: String,
    /// Whether that is a key that the reader named; else it is the record's own word.
    pub is_named_key: bool,
    /// The score at the moment of verifying.
    pub score_now: Option<f64>,
    /// What it comes to at the moment of verifying.
    pub outcome_now: Outcome,
    /// Ids of evidence that is too old by now.
    pub expired: Vec<String>,
}

/// Checks a record's text: its signature, and its figures against its evidence.
pub fn verify(text: &str, public_key: Option<&str>, now: Timestamp) -> Result<Verified, SealFault> {
    let canonical = Canonical::read(text)?.without("signature").text();
    let report: Report = serde_json::from_str(text).map_err(SealFault::Record)?;
    if report.format != super::FORMAT {
        return Err(SealFault::Format(report.format));
    }
    let signature = report.signature.clone().ok_or(SealFault::Unsigned)?;
    if signature.algorithm != ALGORITHM {
        return Err(SealFault::Algorithm);
    }
    let bytes = key_bytes(&signature.public_key)?;
    if let Some(named) = public_key
        && key_bytes(named)? != bytes
    {
        return Err(SealFault::OtherKey(signature.public_key));
    }
    let value = BASE64.decode(&signature.value);
    let value = value.map_err(|_| SealFault::Signature)?;
    UnparsedPublicKey::new(&ED25519, &bytes)
        .verify(canonical.as_bytes(), &value)
        .map_err(|_| SealFault::Signature)?;
    figures(&report)?;
    let is_old = |one: &&super::Evidence| standing_at(one, now) == Standing::Expired;
    let expired = report.evidence.iter().filter(is_old);
    Ok(Verified {
        expired: expired.map(|one| one.id.clone()).collect(),
        score_now: score(&report.evidence, now),
        outcome_now: report.outcome_at(now),
        public_key: signature.public_key,
        is_named_key: public_key.is_some(),
        report,
    })
}

fn figures(report: &Report) -> Result<(), SealFault> {
    let mut counted = report.clone();
    counted.recount();
    let fault = |what, said: String, counted: String| SealFault::Figures {
        what,
        said,
        counted,
    };
    if (counted.score - report.score).abs() > 0.01 {
        let (said, counted) = (report.score.to_string(), counted.score.to_string());
        return Err(fault("score", said, counted));
    }
    if counted.is_ready != report.is_ready {
        let (said, counted) = (report.is_ready.to_string(), counted.is_ready.to_string());
        return Err(fault("is_ready", said, counted));
    }
    let names = |tallies: &[super::Tally]| format!("{tallies:?}");
    if counted.areas != report.areas {
        return Err(fault("areas", names(&report.areas), names(&counted.areas)));
    }
    if counted.services != report.services {
        let (said, counted) = (names(&report.services), names(&counted.services));
        return Err(fault("services", said, counted));
    }
    Ok(())
}

fn key_bytes(text: &str) -> Result<Vec<u8>, SealFault> {
    let bytes = BASE64.decode(text.trim());
    let bytes = bytes.ok().filter(|bytes| bytes.len() == 32);
    bytes.ok_or_else(|| SealFault::PublicKey(text.trim().to_owned()))
}
