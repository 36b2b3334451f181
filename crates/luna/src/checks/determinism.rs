//! The same request gives the same mark, to anybody, anywhere.

use chassis::check::ground::{Instance, Wishes};
use chassis::check::{About, Answer, Area, Check, Finding, Reach, Said, Subject, Trouble, Words};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use super::marks::{Vocabulary, path, picture};

/// `models.luna_determinism`.
pub(crate) struct Determinism;

/// Seeds of a quick run, and the first of a full one.
const SEEDS: [&str; 3] = ["0", "42", "Northwind"];
const SEEDS_OF_A_FULL_RUN: u64 = 20;

impl Check for Determinism {
    fn about(&self) -> About {
        About {
            id: "models.luna_determinism",
            area: Area::Models,
            service: Some("luna"),
            title: Words::new(
                "The same request gives the same mark: again, on another instance, and on the command line",
                "La même demande donne la même marque : à nouveau, sur une autre instance et en ligne de commande",
            ),
            what: Words::new(
                "Asks twice for each family in each emotion with several seeds and compares bytes and `ETag`; asks a second, freshly started instance for the same; and has `aplomb luna mark` draw some of them.",
                "Demande deux fois chaque famille dans chaque émotion avec plusieurs graines et compare octets et `ETag` ; demande la même chose à une seconde instance qui vient de démarrer ; et en fait dessiner une partie par `aplomb luna mark`.",
            ),
            passes: Words::new(
                "not one byte differs, and every mark has its own ETag",
                "aucun octet ne diffère, et chaque marque a son propre ETag",
            ),
            by_hand: Words::new(
                "curl -s 'http://localhost:8080/api/v1/luna/mark/orbit/power.svg?seed=42&lang=en' | sha256sum\naplomb luna mark --generator orbit --variant power --seed 42 --lang en -o - | sha256sum",
                "curl -s 'http://localhost:8080/api/v1/luna/mark/orbit/power.svg?seed=42&lang=en' | sha256sum\naplomb luna mark --generator orbit --variant power --seed 42 --lang en -o - | sha256sum",
            ),
            when_it_fails: Words::new(
                "Two versions run behind one address: compare `version` at `/health` of each. A proxy rewrites pictures (compression, “optimising”): ask the server directly. Otherwise the drawing itself has changed for a version of the algorithm that was promised to stay: report it.",
                "Deux versions tournent derrière une même adresse : comparez `version` sur `/health` de chacune. Un mandataire réécrit les images (compression, « optimisation ») : interrogez le serveur directement. Sinon, c’est le dessin lui-même qui a changé pour une version de l’algorithme promise stable : signalez-le.",
            ),
            weight: 4,
            is_required: false,
            disturbs: false,
            needs: &[],
            fresh_days: 90,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

/// One request, and how it is told to the command.
struct Asked {
    family: String,
    emotion: String,
    seed: String,
}

impl Asked {
    fn path(&self) -> String {
        let query = format!("seed={}&lang=en", self.seed);
        path(&self.family, &self.emotion, "svg", &query)
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let vocabulary = Vocabulary::of(subject).await?;
    let mut seeds: Vec<_> = SEEDS.map(str::to_owned).into();
    seeds.extend((1..=subject.by_pace(0, SEEDS_OF_A_FULL_RUN)).map(|seed| seed.to_string()));
    let mut asked = Vec::new();
    for (family, emotion) in vocabulary.pairs() {
        asked.extend(seeds.iter().map(|seed| Asked {
            family: family.to_owned(),
            emotion: emotion.key.clone(),
            seed: seed.clone(),
        }));
    }
    let mut faults = Vec::new();
    let first = draw(subject, &asked).await?;
    let again = draw(subject, &asked).await?;
    compare(&asked, &first, &again, "the second time", &mut faults);
    own_tags(&asked, &first, &mut faults);
    let mut places = "asked twice".to_owned();
    let mut french = "demandées deux fois".to_owned();
    if subject.ground.is_some() && subject.reach != Reach::Foreign {
        let wishes = Wishes::none()
            .set("profile", "development")
            .set("limits.anonymous_per_minute", 0);
        let instance = subject.start(wishes).await?;
        let other = draw(&subject.at(&instance.base()), &asked).await?;
        compare(&asked, &first, &other, "on a second instance", &mut faults);
        let every = subject.by_pace(seeds.len() * vocabulary.emotions.len() + 1, seeds.len());
        let drawn = by_command(instance.as_ref(), &asked, &first, every, &mut faults).await?;
        places = format!("{places}, and of a second instance; {drawn} drawn by the command");
        french = format!("{french}, et à une seconde instance ; {drawn} dessinées par la commande");
    }
    let n = asked.len();
    let counted = Said::new(
        format!("{n} marks {places}"),
        format!("{n} marques {french}"),
    );
    let required = Said::new("not one byte differs", "aucun octet ne diffère");
    let finding = Finding::of_faults(faults, counted, required);
    if subject.by_pace(false, true) {
        return Ok(finding);
    }
    let n = seeds.len();
    Ok(finding.shortened(Said::new(
        format!("{n} seeds; a full run takes {SEEDS_OF_A_FULL_RUN} more"),
        format!("{n} graines ; une épreuve complète en prend {SEEDS_OF_A_FULL_RUN} de plus"),
    )))
}

async fn draw(subject: &Subject, asked: &[Asked]) -> Result<Vec<Answer>, Trouble> {
    let paths: Vec<String> = asked.iter().map(Asked::path).collect();
    let answers = stream::iter(paths).map(|path| async move { picture(subject, &path).await });
    answers.buffered(4).try_collect().await
}

fn compare(
    asked: &[Asked],
    first: &[Answer],
    other: &[Answer],
    when: &str,
    faults: &mut Vec<String>,
) {
    for (one, (first, other)) in asked.iter().zip(first.iter().zip(other)) {
        let path = one.path();
        if first.body != other.body {
            faults.push(format!("{path}: other bytes {when}"));
        }
        let tags = [first, other].map(|answer| answer.header("etag"));
        if tags[0] != tags[1] {
            faults.push(format!("{path}: ETag {:?}, {when} {:?}", tags[0], tags[1]));
        }
    }
}

/// Each mark has an `ETag`; two that differ have different ones.
fn own_tags(asked: &[Asked], drawn: &[Answer], faults: &mut Vec<String>) {
    let mut known = std::collections::HashMap::new();
    for (one, answer) in asked.iter().zip(drawn) {
        let Some(tag) = answer.header("etag") else {
            faults.push(format!("{} has no ETag", one.path()));
            continue;
        };
        let before = known.insert(tag, &answer.body);
        if before.is_some_and(|before| *before != answer.body) {
            faults.push(format!("{} has the ETag of another mark", one.path()));
        }
    }
}

/// Has every so many drawn by the command; their number.
async fn by_command(
    instance: &dyn Instance,
    asked: &[Asked],
    drawn: &[Answer],
    every: usize,
    faults: &mut Vec<String>,
) -> Result<usize, Trouble> {
    let mut number = 0;
    for (one, answer) in asked.iter().zip(drawn).step_by(every) {
        let (family, emotion, seed) = (&one.family, &one.emotion, &one.seed);
        let arguments = [
            "luna",
            "mark",
            "--generator",
            family,
            "--variant",
            emotion,
            "--seed",
            seed,
            "--lang",
            "en",
            "--format",
            "svg",
            "-o",
            "-",
        ];
        let printed = instance.tool(&arguments).await?;
        if printed.as_bytes() != answer.body {
            faults.push(format!(
                "{}: `aplomb {}` draws other bytes",
                one.path(),
                arguments.join(" ")
            ));
        }
        number += 1;
    }
    Ok(number)
}
