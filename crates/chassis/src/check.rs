//! Claims and their evidence.
//!
//! * [`Check`]: one claim, how it is measured from outside, and what to do when it does not hold
//! * [`Subject`]: the running system that it is measured on; [`ground`]: instances that a drill may start and kill
//! * [`Finding`]: what was measured; [`Evidence`]: the same as it is kept, with its origin and its end
//! * [`scenario`]: what a service is asked under load
//! * [`self_test`]: the few claims that a process measures of itself at the start

mod evidence;
mod finding;
pub mod ground;
mod pacing;
pub mod scenario;
pub mod self_test;
mod subject;

use futures_util::future::BoxFuture;

pub use evidence::{Evidence, Origin, Series, Shape, Verdict};
pub use finding::{Finding, Said, Trouble};
pub use pacing::pace;
pub use subject::{Answer, Method, Pace, Reach, Subject, client};

use crate::i18n::Language;

/// One claim that can be measured from outside: over HTTP, by signals, by the files that a server keeps.
///
/// A check is a unit struct; the list of all is the source of `aplomb prove --list`, of the documentation and of the report.
pub trait Check: Send + Sync {
    /// What it is.
    fn about(&self) -> About;

    /// Measures. What keeps it from measuring is a [`Trouble`]: either it cannot be done here, or the system broke under it, which is a failure.
    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>>;
}

/// Checks as they are listed.
pub type Checks = Vec<&'static dyn Check>;

/// What a check is, in words for its page.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// `area.name`, stable: evidence and scripts refer to it.
    pub id: &'static str,
    /// Where it belongs.
    pub area: Area,
    /// The service that brought it; none for the chassis.
    pub service: Option<&'static str>,
    /// The claim, as one would write it into a report.
    pub title: Words,
    /// What the check does.
    pub what: Words,
    /// What passes, with the number.
    pub passes: Words,
    /// How an operator sees it again by hand: commands.
    pub by_hand: Words,
    /// What to do when it fails: the causes in the order of their likelihood.
    pub when_it_fails: Words,
    /// Its part of the score, 1 to 10.
    pub weight: u8,
    /// Whether the system is not ready without it, whatever the score.
    pub is_required: bool,
    /// Whether it harms those who use the system meanwhile.
    pub disturbs: bool,
    /// What it cannot do without.
    pub needs: &'static [Need],
    /// Days that its evidence stands.
    pub fresh_days: u16,
}

/// What a check may need beside an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// An instance of its own, to start, kill and look into.
    Ground,
    /// An OpenAPI document.
    Document,
    /// A token or key that is let in.
    Token,
    /// The owner's leave to probe and load the system.
    Leave,
}

/// The twelve areas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Who may do what.
    Access,
    /// What is shown to strangers.
    Surface,
    /// How often.
    Limits,
    /// Nothing acknowledged is lost.
    Durability,
    /// Backups come back.
    Recovery,
    /// Fast enough under load.
    Load,
    /// What happens when something else breaks.
    Degradation,
    /// It can be watched.
    Observability,
    /// New versions come without harm.
    Release,
    /// Persons' data.
    Privacy,
    /// What it is made of.
    Supply,
    /// What its models are worth.
    Models,
}

impl Area {
    /// All, in the order of the report.
    pub const ALL: [Self; 12] = [
        Self::Access,
        Self::Surface,
        Self::Limits,
        Self::Durability,
        Self::Recovery,
        Self::Load,
        Self::Degradation,
        Self::Observability,
        Self::Release,
        Self::Privacy,
        Self::Supply,
        Self::Models,
    ];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Surface => "surface",
            Self::Limits => "limits",
            Self::Durability => "durability",
            Self::Recovery => "recovery",
            Self::Load => "load",
            Self::Degradation => "degradation",
            Self::Observability => "observability",
            Self::Release => "release",
            Self::Privacy => "privacy",
            Self::Supply => "supply",
            Self::Models => "models",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> Words {
        match self {
            Self::Access => Words::new("Access", "Accès"),
            Self::Surface => Words::new("Surface", "Surface exposée"),
            Self::Limits => Words::new("Limits", "Limites"),
            Self::Durability => Words::new("Durability", "Durabilité"),
            Self::Recovery => Words::new("Recovery", "Reprise"),
            Self::Load => Words::new("Load", "Charge"),
            Self::Degradation => Words::new("Degradation", "Pannes partielles"),
            Self::Observability => Words::new("Observability", "Observabilité"),
            Self::Release => Words::new("Release", "Mise en production"),
            Self::Privacy => Words::new("Privacy", "Vie privée"),
            Self::Supply => Words::new("Supply chain", "Dépendances"),
            Self::Models => Words::new("Models", "Modèles"),
        }
    }

    /// The area of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|area| area.name() == name)
    }
}

/// Words that stand in the program, in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub english: &'static str,
    /// French.
    pub french: &'static str,
}

impl Words {
    /// English, then French.
    pub const fn new(english: &'static str, french: &'static str) -> Self {
        Self { english, french }
    }

    /// In one of them.
    pub const fn of(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::French => self.french,
        }
    }
}
