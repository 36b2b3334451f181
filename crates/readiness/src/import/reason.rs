//! Why a claim is marked as it is, in both languages.

use chassis::i18n::Language;

/// Why.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reason {
    NotDone,
    Partly,
    /// Ticked, and the same line admits something.
    Admits(String),
    /// What is measured, and what is asked.
    Misses {
        measured: String,
        target: String,
        is_ticked: bool,
    },
    /// So many of so many.
    Lacking {
        got: f64,
        of: f64,
    },
    /// A share and the count that it is said to be.
    Share {
        got: f64,
        of: f64,
        percent: f64,
    },
    /// Above 100 %, or more than there is.
    Beyond {
        got: f64,
        of: f64,
    },
    /// Everything is ready, and another line says otherwise.
    WholeBut {
        line: usize,
        text: String,
        others: usize,
    },
    Sum {
        said: f64,
        sum: f64,
        of: f64,
        parts: usize,
    },
    Outside {
        said: f64,
        of: f64,
        least: f64,
        most: f64,
    },
    Twice {
        line: usize,
        text: String,
    },
    Nothing,
    /// A check measures it, and no run has.
    NoRun(String),
    Passed {
        id: String,
        measured: String,
    },
    Failed {
        id: String,
        measured: String,
        required: String,
        fault: String,
    },
    /// The run's figure is not what the report says.
    Differs {
        id: String,
        measured: String,
        claimed: String,
    },
    /// The run passes and measured no such figure.
    OtherFigure {
        id: String,
        measured: String,
        claimed: String,
    },
    Expired {
        id: String,
        since: String,
    },
    NotVerifiable {
        id: String,
        why: String,
    },
    Skipped {
        id: String,
        why: String,
    },
    RequiredFail {
        id: String,
        others: usize,
    },
}

impl Reason {
    pub(super) fn say(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::French => self.french(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NotDone => "the report itself says that it is not done".to_owned(),
            Self::Partly => "the report itself says that it is only partly done".to_owned(),
            Self::Admits(words) => format!("ticked, and the same line says “{words}”"),
            Self::Misses {
                measured,
                target,
                is_ticked: true,
            } => {
                format!("ticked, and its own figure misses its target: {measured}, target {target}")
            }
            Self::Misses {
                measured,
                target,
                is_ticked: false,
            } => {
                format!("the report does not say that it is met: {measured}, target {target}")
            }
            Self::Lacking { got, of } => format!("ticked, and {} of {of} are missing", of - got),
            Self::Share { got, of, percent } => {
                format!(
                    "{got} of {of} is {} %, not {percent} %",
                    tenth(got / of * 100.0)
                )
            }
            Self::Beyond { got, of } => format!("{got} of {of} is more than there is"),
            Self::WholeBut { line, text, others } => {
                let others = more(*others, "other line", "other lines");
                format!("line {line}{others} of the same report says otherwise: {text}")
            }
            Self::Sum {
                said,
                sum,
                of,
                parts,
            } => {
                format!(
                    "its {parts} parts add up to {}/{of}, not {said}/{of}",
                    tenth(*sum)
                )
            }
            Self::Outside {
                said,
                of,
                least,
                most,
            } => {
                format!("{said}/{of} is no mean of its parts, which lie between {least} and {most}")
            }
            Self::Twice { line, text } => {
                format!("line {line} of the same report gives another figure: {text}")
            }
            Self::Nothing => "no check measures this".to_owned(),
            Self::NoRun(id) => format!("no run measured it; see: aplomb prove --only {id}"),
            Self::Passed { id, measured } => format!("{id}: {measured}"),
            Self::Failed {
                id,
                measured,
                required,
                fault,
            } => {
                let fault = after("; for example: ", fault);
                format!("{id} fails: {measured}; required: {required}{fault}")
            }
            Self::Differs {
                id,
                measured,
                claimed,
            } => {
                format!("{id} measured {measured}; the report says {claimed}")
            }
            Self::OtherFigure {
                id,
                measured,
                claimed,
            } => {
                format!("{id} passes and measured no figure to compare with {claimed}: {measured}")
            }
            Self::Expired { id, since } => {
                format!("the evidence of {id} expired at {since}: run it again")
            }
            Self::NotVerifiable { id, why } => format!("{id} cannot be verified here: {why}"),
            Self::Skipped { id, why } => format!("{id} was skipped{}", after(": ", why)),
            Self::RequiredFail { id, others } => {
                let others = more(*others, "other required check", "other required checks");
                format!("{id}{others} fails, and the system is not ready without it")
            }
        }
    }

    fn french(&self) -> String {
        match self {
            Self::NotDone => "le rapport dit lui-même que ce n’est pas fait".to_owned(),
            Self::Partly => "le rapport dit lui-même que ce n’est fait qu’en partie".to_owned(),
            Self::Admits(words) => format!("coché, alors que la même ligne dit « {words} »"),
            Self::Misses {
                measured,
                target,
                is_ticked: true,
            } => format!(
                "coché, alors que son propre chiffre manque son objectif : {}, objectif {}",
                in_french(measured),
                in_french(target)
            ),
            Self::Misses {
                measured,
                target,
                is_ticked: false,
            } => {
                format!(
                    "le rapport ne dit pas que c’est atteint : {}, objectif {}",
                    in_french(measured),
                    in_french(target)
                )
            }
            Self::Lacking { got, of } => {
                format!("coché, alors qu’il en manque {} sur {of}", of - got)
            }
            Self::Share { got, of, percent } => {
                format!(
                    "{got} sur {of} font {} %, et non {percent} %",
                    tenth(got / of * 100.0)
                )
            }
            Self::Beyond { got, of } => format!("{got} sur {of}, c’est plus qu’il n’y en a"),
            Self::WholeBut { line, text, others } => {
                let others = more(*others, "autre ligne", "autres lignes");
                format!("la ligne {line}{others} du même rapport dit le contraire : {text}")
            }
            Self::Sum {
                said,
                sum,
                of,
                parts,
            } => {
                format!(
                    "ses {parts} parties font {}/{of}, et non {said}/{of}",
                    tenth(*sum)
                )
            }
            Self::Outside {
                said,
                of,
                least,
                most,
            } => format!(
                "{said}/{of} n’est pas une moyenne de ses parties, comprises entre {least} et {most}"
            ),
            Self::Twice { line, text } => {
                format!("la ligne {line} du même rapport donne un autre chiffre : {text}")
            }
            Self::Nothing => "aucun contrôle ne mesure cela".to_owned(),
            Self::NoRun(id) => {
                format!("aucune exécution ne l’a mesuré ; voir : aplomb prove --only {id}")
            }
            Self::Passed { id, measured } => format!("{id} : {measured}"),
            Self::Failed {
                id,
                measured,
                required,
                fault,
            } => {
                let fault = after(" ; par exemple : ", fault);
                format!("{id} échoue : {measured} ; exigé : {required}{fault}")
            }
            Self::Differs {
                id,
                measured,
                claimed,
            } => {
                let claimed = in_french(claimed);
                format!("{id} a mesuré {measured} ; le rapport dit {claimed}")
            }
            Self::OtherFigure {
                id,
                measured,
                claimed,
            } => {
                let claimed = in_french(claimed);
                format!("{id} réussit sans mesurer de chiffre comparable à {claimed} : {measured}")
            }
            Self::Expired { id, since } => {
                format!("la preuve de {id} est périmée depuis {since} : relancez-la")
            }
            Self::NotVerifiable { id, why } => format!("{id} n’est pas vérifiable ici : {why}"),
            Self::Skipped { id, why } => format!("{id} a été laissé de côté{}", after(" : ", why)),
            Self::RequiredFail { id, others } => {
                let others = more(*others, "autre contrôle requis", "autres contrôles requis");
                format!("{id}{others} échoue, et le système n’est pas prêt sans cela")
            }
        }
    }
}

/// A figure with a decimal comma and the units' French names.
fn in_french(figure: &str) -> String {
    let mut words: Vec<String> = figure
        .split(' ')
        .map(|word| word.replace('.', ","))
        .collect();
    for word in &mut words {
        *word = match word.as_str() {
            "d" => "j".to_owned(),
            "req/d" => "req/j".to_owned(),
            "B" | "kB" | "MB" | "GB" | "TB" => word.replace('B', "o"),
            _ => continue,
        };
    }
    words.join(" ")
}

fn after(before: &str, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{before}{text}")
    }
}

fn more(n: usize, one: &str, many: &str) -> String {
    match n {
        0 => String::new(),
        1 => format!(" (+ 1 {one})"),
        n => format!(" (+ {n} {many})"),
    }
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
