//! How passwords are kept, as one sees it who has a copy of the disk.

use std::path::Path;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chassis::check::{
    About, Answer, Area, Check, Finding, Need, Said, Series, Shape, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{attempt, code, place};
use crate::actors::{self, OWNER, PASSWORD};

/// Memory in KiB and passes that OWASP's Password Storage Cheat Sheet names as equals, with one lane: a hash must reach one of them.
const ENOUGH: [(u64, u64); 5] = [
    (47_104, 1),
    (19_456, 2),
    (12_288, 3),
    (9_216, 4),
    (7_168, 5),
];
/// How other kinds of hash begin.
const WEAK: [&str; 9] = [
    "$argon2i$",
    "$argon2d$",
    "$2a$",
    "$2b$",
    "$2y$",
    "$pbkdf2",
    "$scrypt$",
    "$6$",
    "$1$",
];
/// Sign-ins that are timed.
const SIGN_INS: usize = 5;

/// `access.password_hashing`.
pub(crate) struct PasswordHashing;

impl Check for PasswordHashing {
    fn about(&self) -> About {
        About {
            id: "access.password_hashing",
            area: Area::Access,
            service: None,
            title: Words::new(
                "Passwords are kept as costly hashes, and nowhere else",
                "Les mots de passe ne sont gardés qu’en empreintes coûteuses",
            ),
            what: Words::new(
                "Makes an account, signs in and reads every file of the data folder as somebody does who has a copy of it: looks for Argon2id hashes and their cost, for weaker hashes, and for the password itself, also in base64 and in the log. Times sign-ins, and compares the answers to a wrong password and to an address that nobody has.",
                "Crée un compte, se connecte et lit chaque fichier du dossier de données comme le ferait le détenteur d’une copie : y cherche les empreintes Argon2id et leur coût, des empreintes plus faibles, et le mot de passe lui-même, en base64 aussi et dans le journal. Mesure la durée des connexions, et compare les réponses à un mauvais mot de passe et à une adresse que personne n’a.",
            ),
            passes: Words::new(
                "Argon2id of at least m=19456 KiB, t=2, p=1 or its equals (OWASP); the password nowhere; the same answer to both failures",
                "Argon2id d’au moins m=19456 Kio, t=2, p=1 ou l’équivalent (OWASP) ; le mot de passe nulle part ; la même réponse aux deux échecs",
            ),
            by_hand: Words::new(
                "grep -aoh '$argon2[a-z]*$v=[0-9]*$m=[0-9]*,t=[0-9]*,p=[0-9]*' aplomb-data/aplomb.db* | sort | uniq -c",
                "grep -aoh '$argon2[a-z]*$v=[0-9]*$m=[0-9]*,t=[0-9]*,p=[0-9]*' aplomb-data/aplomb.db* | sort | uniq -c",
            ),
            when_it_fails: Words::new(
                "A password in a file: find which one (the evidence names it); a log or trace that holds bodies must be switched off and erased, and the password changed. A weak hash: the account comes from another system; let its person set a new password by `aplomb user link`. Answers that differ: a proxy rewrites one of them. All else is a fault of the program: report it.",
                "Un mot de passe dans un fichier : trouvez lequel (la preuve le nomme) ; un journal qui garde le corps des requêtes doit être coupé et effacé, et le mot de passe changé. Une empreinte faible : le compte vient d’un autre système ; faites choisir un nouveau mot de passe par `aplomb user link`. Des réponses différentes : un mandataire réécrit l’une d’elles. Le reste est une faute du programme : signalez-la.",
            ),
            weight: 8,
            is_required: true,
            disturbs: true,
            needs: &[Need::Ground],
            fresh_days: 90,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let instance = subject.start(place::wishes()).await?;
    actors::create_user(instance.as_ref(), OWNER, "owner", None).await?;
    let at = subject.at(&instance.base());
    let mut times = Vec::new();
    for _ in 0..SIGN_INS {
        let started = Instant::now();
        Answer::to(attempt(&at, OWNER, PASSWORD, true))
            .await?
            .expect(200)?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    let mut faults = Vec::new();
    alike(&at, &mut faults).await?;

    // While it runs, with what the write-ahead log holds; and after the stop, when that is in the database.
    let mut found = Found::default();
    found.read(&instance.data(), &mut faults);
    instance.stop().await?;
    found.read(&instance.data(), &mut faults);
    if instance.log().contains(PASSWORD) {
        faults.push("the password stands in the log".to_owned());
    }
    if found.hashes.is_empty() {
        faults.push("no Argon2id hash is in the data folder".to_owned());
    }
    for hash in &found.hashes {
        if !hash.is_enough() {
            let Cost {
                memory_kib,
                passes,
                lanes,
            } = hash;
            faults.push(format!(
                "a hash costs m={memory_kib},t={passes},p={lanes}, less than m=19456,t=2,p=1"
            ));
        }
    }
    faults.sort();
    faults.dedup();
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let cost = found.hashes.first().map_or_else(
        || "no hash".to_owned(),
        |it| format!("m={},t={},p={}", it.memory_kib, it.passes, it.lanes),
    );
    let points = (0_u32..).map(f64::from).zip(times).collect();
    let passes = faults.is_empty();
    Ok(Finding::new(
        passes,
        Said::new(
            format!("Argon2id {cost}; a sign-in takes {median:.0} ms (median)"),
            format!("Argon2id {cost} ; une connexion prend {median:.0} ms (médiane)"),
        ),
        Said::new(
            "Argon2id m=19456,t=2,p=1 or its equals, the password nowhere, failures alike",
            "Argon2id m=19456,t=2,p=1 ou l’équivalent, le mot de passe nulle part, des échecs semblables",
        ),
    )
    .faults(faults)
    .series(Series {
        name: "time of a sign-in".to_owned(),
        name_fr: "durée d’une connexion".to_owned(),
        unit_x: "rank".to_owned(),
        unit_y: "ms".to_owned(),
        shape: Shape::Points,
        points,
    }))
}

/// A wrong password and an address that nobody has get the same answer.
async fn alike(at: &Subject, faults: &mut Vec<String>) -> Result<(), Trouble> {
    let wrong = Answer::to(attempt(at, OWNER, "wrong copper kettle 17", true)).await?;
    let nobody = "nobody-71@prove.example";
    let unknown = Answer::to(attempt(at, nobody, "wrong copper kettle 17", true)).await?;
    let told = |answer: &Answer| {
        let body = answer.json().unwrap_or_default();
        let detail = body["detail"].as_str().unwrap_or_default().to_owned();
        (answer.status.as_u16(), code(answer), detail)
    };
    let (wrong, unknown) = (told(&wrong), told(&unknown));
    if wrong != unknown {
        faults.push(format!(
            "a wrong password gets {} {}, an unknown address {} {}: that tells who has an account",
            wrong.0, wrong.1, unknown.0, unknown.1
        ));
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    memory_kib: u64,
    passes: u64,
    lanes: u64,
}

impl Cost {
    fn is_enough(&self) -> bool {
        let reaches = |(memory, passes)| self.memory_kib >= memory && self.passes >= passes;
        self.lanes >= 1 && ENOUGH.into_iter().any(reaches)
    }

    /// From what follows `$argon2id$v=19$`.
    fn of(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|byte| *byte == b'$')?;
        let text = std::str::from_utf8(&text[..end]).ok()?;
        let mut values = text.split(',').map(|part| part.split_once('='));
        let mut value = |wanted| {
            let (name, value) = values.next()??;
            (name == wanted).then(|| value.parse().ok())?
        };
        Some(Self {
            memory_kib: value("m")?,
            passes: value("t")?,
            lanes: value("p")?,
        })
    }
}

#[derive(Default)]
struct Found {
    hashes: Vec<Cost>,
}

impl Found {
    /// Reads all files below a folder.
    fn read(&mut self, folder: &Path, faults: &mut Vec<String>) {
        let secrets = [
            ("the password", PASSWORD.as_bytes().to_vec()),
            (
                "the password in base64",
                STANDARD.encode(PASSWORD).into_bytes(),
            ),
        ];
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.read(&path, faults);
                continue;
            }
            // A file may go away while it is read.
            let Ok(bytes) = std::fs::read(&path) else {
                continue;
            };
            let name = entry.file_name().to_string_lossy().into_owned();
            for (what, secret) in &secrets {
                if !all(&bytes, secret).is_empty() {
                    faults.push(format!("{what} stands in {name}"));
                }
            }
            for begin in WEAK {
                let is_hash = |at: &usize| follows_like_a_hash(&bytes[at + begin.len()..]);
                if all(&bytes, begin.as_bytes()).iter().any(is_hash) {
                    faults.push(format!("a hash {begin}… stands in {name}"));
                }
            }
            let begin = b"$argon2id$v=19$";
            let costs = all(&bytes, begin).into_iter();
            self.hashes
                .extend(costs.filter_map(|at| Cost::of(&bytes[at + begin.len()..])));
        }
        self.hashes.sort_by_key(|it| (it.memory_kib, it.passes));
        self.hashes.dedup();
    }
}

/// Where something stands.
fn all(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(wanted.len()).enumerate();
    windows
        .filter(|(_, window)| *window == wanted)
        .map(|(at, _)| at)
        .collect()
}

/// Twenty signs of a hash: what merely begins like one is chance.
fn follows_like_a_hash(rest: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"./+$=,_-".contains(byte);
    rest.len() >= 20 && rest[..20].iter().all(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_a_hash_is_read_and_weighed() {
        let cost = Cost::of(b"m=19456,t=2,p=1$c2FsdA$aGFzaA").unwrap();
        assert_eq!(
            cost,
            Cost {
                memory_kib: 19_456,
                passes: 2,
                lanes: 1
            }
        );
        assert!(cost.is_enough());
        assert!(!Cost::of(b"m=19455,t=2,p=1$x").unwrap().is_enough());
        assert!(!Cost::of(b"m=65536,t=0,p=1$x").unwrap().is_enough());
        assert!(Cost::of(b"m=12288,t=3,p=1$x").unwrap().is_enough());
        assert_eq!(Cost::of(b"t=2,m=19456,p=1$x"), None);
        assert_eq!(Cost::of(b"m=1"), None);
    }
}
