//! The record: what evidence counts for, who answers for it, and how it is shown.

use chassis::check::{
    About, Area, Check, Checks, Evidence, Finding, Need, Origin, Pace, Said, Series, Shape,
    Subject, Trouble, Verdict, Words,
};
use chassis::clock::Timestamp;
use chassis::i18n::Language;
use futures_util::future::BoxFuture;
use proptest::prelude::*;
use readiness::report::history::{History, MOST_RECORDS, id_of};
use readiness::report::seal::{Key, KeyFault, SealFault, verify};
use readiness::report::{Outcome, Report, Standing, badge, catalogue, html, junit, standing_at};

const DAY_MS: i64 = 86_400_000;
const NOW_MS: i64 = 1_795_189_445_123;

fn at(days: i64) -> Timestamp {
    Timestamp::from_unix_ms(NOW_MS + days * DAY_MS).unwrap()
}

struct Claim(&'static str, Area, bool, u8);

impl Check for Claim {
    fn about(&self) -> About {
        About {
            id: self.0,
            area: self.1,
            service: self.0.starts_with("luna").then_some("luna"),
            title: Words::new("It holds", "Cela tient"),
            what: Words::new("Looks.", "Regarde."),
            passes: Words::new("nothing is wrong", "rien n’est faux"),
            by_hand: Words::new("curl -sI localhost; curl localhost", "Voir `curl`."),
            when_it_fails: Words::new("Mend it.", "Réparez."),
            weight: self.3,
            is_required: self.2,
            disturbs: false,
            needs: &[Need::Ground, Need::Token],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, _: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        unreachable!("these are only listed")
    }
}

static KILL: Claim = Claim("durability.kill", Area::Durability, true, 6);
static HEADERS: Claim = Claim("surface.headers", Area::Surface, true, 3);
static MARKS: Claim = Claim("luna.marks", Area::Models, false, 1);

fn all() -> Checks {
    vec![&KILL, &HEADERS, &MARKS]
}

fn origin() -> Origin {
    Origin {
        version: "0.1.0".to_owned(),
        binary: "b1".repeat(32),
        configuration: "c1".repeat(32),
        host: "test (linux)".to_owned(),
        target: "own".to_owned(),
    }
}

fn evidence(claim: &Claim, passes: bool, days: i64) -> Evidence {
    let finding = Finding::new(
        passes,
        Said::new("3 of 3, p99 12.5 ms", "3 sur 3, p99 12,5 ms"),
        Said::new("all", "tous"),
    );
    let finding = if passes {
        finding
    } else {
        finding.faults(vec!["404: a header is gone".to_owned()])
    };
    let finding = finding.series(Series {
        name: "latency".to_owned(),
        name_fr: "latence".to_owned(),
        unit_x: "s".to_owned(),
        unit_y: "ms".to_owned(),
        shape: Shape::Line,
        points: vec![(0.0, 0.1 + 0.2), (1.0, 1.0 / 3.0), (2.0, 7.0)],
    });
    let time = (
        at(days),
        Timestamp::from_unix_ms(at(days).unix_ms() + 1_234).unwrap(),
    );
    Evidence::new(&claim.about(), Ok(finding), time, &origin())
}

fn unverifiable(claim: &Claim) -> Evidence {
    let why = Trouble::not_verifiable("install strace", "installez strace");
    Evidence::new(&claim.about(), Err(why), (at(0), at(0)), &origin())
}

fn report(evidence: Vec<Evidence>) -> Report {
    let ended = Timestamp::from_unix_ms(at(0).unix_ms() + 60_000).unwrap();
    Report::at(ended, Pace::Quick, at(0), origin(), evidence)
}

fn sound() -> Report {
    report(vec![
        evidence(&KILL, true, 0),
        evidence(&HEADERS, true, 0),
        evidence(&MARKS, true, 0),
    ])
}

fn key() -> (tempfile::TempDir, Key) {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::read_or_make(&folder.path().join("proof/key")).unwrap();
    (folder, key)
}

fn signed(report: Report) -> String {
    let (_folder, key) = key();
    serde_json::to_string_pretty(&key.sign(report).unwrap()).unwrap()
}

#[test]
fn the_score_is_the_weight_that_passed_over_the_weight_that_could_be_verified() {
    let mixed = report(vec![
        evidence(&KILL, true, 0),
        evidence(&HEADERS, false, 0),
        unverifiable(&MARKS),
    ]);
    assert!((mixed.score - 66.7).abs() < 1e-9, "{}", mixed.score);
    assert!(!mixed.is_ready);
    let areas: Vec<_> = mixed
        .areas
        .iter()
        .map(|one| (&*one.name, one.score))
        .collect();
    assert_eq!(
        areas,
        [
            ("surface", Some(0.0)),
            ("durability", Some(100.0)),
            ("models", None)
        ]
    );
    let services: Vec<_> = mixed
        .services
        .iter()
        .map(|one| (&*one.name, one.score))
        .collect();
    assert_eq!(services, [("chassis", Some(66.7)), ("luna", None)]);
    assert_eq!(sound().outcome(), Outcome::Ready);
}

#[test]
fn a_total_never_hides_a_failed_must() {
    let small = Claim("surface.headers", Area::Surface, true, 1);
    let big = Claim("durability.kill", Area::Durability, false, 10);
    let failed = report(vec![evidence(&small, false, 0), evidence(&big, true, 0)]);
    assert!(failed.score > 90.0);
    assert!(!failed.is_ready);
    assert_eq!(failed.outcome(), Outcome::NotReady);
}

#[test]
fn what_was_not_run_is_listed_and_keeps_the_verdict_open() {
    let partial = report(vec![evidence(&HEADERS, true, 0)]).listing(&all());
    let ids: Vec<_> = partial.evidence.iter().map(|one| &*one.id).collect();
    assert_eq!(ids, ["durability.kill", "surface.headers", "luna.marks"]);
    assert_eq!(partial.evidence[0].verdict, Verdict::Skipped);
    assert!((partial.score - 100.0).abs() < 1e-9);
    assert!(!partial.is_ready);
    assert_eq!(partial.outcome(), Outcome::Undecided);
}

#[test]
fn old_evidence_leaves_the_score_and_an_old_must_fails() {
    let fresh = sound();
    let of = |days| readiness::report::score(&fresh.evidence, at(days));
    assert_eq!(of(29), Some(100.0));
    assert_eq!(of(31), Some(0.0));
    let mut aged = sound();
    aged.evidence[2] = evidence(&MARKS, true, -40);
    aged.recount();
    assert!((aged.score - 90.0).abs() < 1e-9, "{}", aged.score);
    assert!(aged.is_ready, "it was not a must");
    assert_eq!(
        standing_at(&aged.evidence[2], aged.moment()),
        Standing::Expired
    );
    aged.evidence[1] = evidence(&HEADERS, true, -40);
    aged.recount();
    assert!(!aged.is_ready);
    assert_eq!(aged.areas[0].expired, 1);
    let mut undated = sound();
    undated.evidence[0].expires_at = "soon".to_owned();
    undated.recount();
    assert!(!undated.is_ready, "a date that is none is no date to come");
}

#[test]
fn a_partial_run_takes_the_rest_from_earlier_ones_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::of(folder.path());
    let (_key_folder, key) = key();
    let earlier = Report::at(
        at(-3),
        Pace::Full,
        at(-3),
        origin(),
        vec![evidence(&KILL, true, -3), evidence(&HEADERS, false, -3)],
    );
    history.save(&key.sign(earlier).unwrap()).unwrap();
    // Another binary says nothing of this one.
    let mut other = report(vec![evidence(&MARKS, true, -1)]);
    other.started_at = at(-1).to_string();
    other.origin.binary = "b2".repeat(32);
    other.evidence[0].origin.binary = "b2".repeat(32);
    history.save(&other).unwrap();
    // A record that somebody wrote by hand says nothing either.
    let mut forged = key.sign(report(vec![evidence(&MARKS, false, -2)])).unwrap();
    forged.started_at = at(-2).to_string();
    forged.evidence[0].verdict = Verdict::Pass;
    history.save(&forged).unwrap();

    let run = report(vec![evidence(&HEADERS, true, 0)]).listing(&all());
    let joined = run.joined(history.newest_evidence(&origin()));
    let verdicts: Vec<_> = joined.evidence.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Pass, Verdict::Skipped]);
    assert!(joined.is_earlier(&joined.evidence[0]));
    assert!(!joined.is_earlier(&joined.evidence[1]));
    assert!(joined.is_ready);
    assert!(
        joined.notes[0].text.starts_with("1 of the results"),
        "{:?}",
        joined.notes
    );
    assert!(joined.notes[0].text.contains(&at(-3).to_string()[..10]));
    let page = html::html(&joined, Language::English);
    assert!(page.contains(&format!("of {}", &at(-3).to_string()[..10])));
}

#[test]
fn records_are_kept_by_their_moment_and_the_oldest_go() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::of(folder.path());
    assert!(history.list().unwrap().is_empty());
    let mut one = sound();
    for minute in 0..i64::try_from(MOST_RECORDS).unwrap() + 3 {
        let began = Timestamp::from_unix_ms(NOW_MS + minute * 60_000).unwrap();
        one.started_at = began.to_string();
        history.save(&one).unwrap();
    }
    let ids = history.list().unwrap();
    assert_eq!(ids.len(), MOST_RECORDS);
    assert_eq!(ids[0], id_of(&one.started_at));
    assert_eq!(history.read(&ids[0]).unwrap().started_at, one.started_at);
    let place = folder.path().join("proof");
    let about = std::fs::metadata(&place).unwrap();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777,
        0o700
    );
    for hostile in [
        "",
        "key",
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "2026-11-20T15-44-05-123Z/../../../etc/passwd",
        "2026-11-20T15-44-05-123Z\0",
        "２026-11-20T15-44-05-12Z",
        "2026-11-20T15:44:05.123Z",
    ] {
        let fault = history.read(hostile).unwrap_err().to_string();
        assert!(fault.contains("not the name"), "{hostile}: {fault}");
    }
    // A link out of the folder is not followed, and other files are not taken for records.
    std::fs::write(folder.path().join("elsewhere"), "{}").unwrap();
    let link = place.join("2030-01-01T00-00-00-000Z.json");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), link).unwrap();
    std::fs::write(place.join("notes.json"), "{}").unwrap();
    assert!(history.read("2030-01-01T00-00-00-000Z").is_err());
    assert!(!history.list().unwrap().contains(&"notes".to_owned()));
}

#[test]
fn a_key_is_made_once_and_its_owner_alone_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/proof/key");
    let made = Key::read_or_make(&file).unwrap();
    assert_eq!(Key::read_or_make(&file).unwrap().public(), made.public());
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    std::fs::write(
        &file,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    assert!(matches!(Key::read_or_make(&file), Err(KeyFault::Form)));
}

#[test]
fn a_key_of_openssl_signs() {
    // openssl genpkey -algorithm ed25519
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(
        &file,
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    let key = Key::read(&file).unwrap();
    // RFC 8032, 7.1, test 1: the same secret and its public key.
    assert_eq!(key.public(), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

#[test]
fn a_signed_record_holds_and_says_whose_word_it_is() {
    let text = signed(sound());
    let verified = verify(&text, None, at(0)).unwrap();
    assert!(!verified.is_named_key);
    assert_eq!(verified.outcome_now, Outcome::Ready);
    assert!(verified.expired.is_empty());
    let named = verify(&text, Some(&verified.public_key), at(0)).unwrap();
    assert!(named.is_named_key);
    // Written by another program: other spaces, another order, and still the same record.
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let compact = serde_json::to_string(&value).unwrap();
    assert!(verify(&compact, None, at(0)).is_ok());

    let (_folder, stranger) = key();
    let fault = verify(&text, Some(&stranger.public()), at(0)).unwrap_err();
    assert!(matches!(fault, SealFault::OtherKey(_)), "{fault}");
    let fault = verify(&text, Some("no key"), at(0)).unwrap_err();
    assert!(matches!(fault, SealFault::PublicKey(_)), "{fault}");
}

#[test]
fn a_record_that_became_old_is_named_by_its_drills() {
    let mut aged = sound();
    aged.evidence[0] = evidence(&KILL, true, -20);
    aged.recount();
    let verified = verify(&signed(aged), None, at(15)).unwrap();
    assert_eq!(verified.expired, ["durability.kill"]);
    assert_eq!(verified.score_now, Some(40.0));
    assert_eq!(verified.outcome_now, Outcome::NotReady);
}

#[test]
fn each_way_to_make_a_record_look_better_is_refused() {
    let failed = report(vec![evidence(&KILL, false, 0), evidence(&HEADERS, true, 0)]);
    let text = signed(failed.clone());
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} is not in {text}");
        text.replacen(from, to, 1)
    };
    for tampered in [
        changed("\"fail\"", "\"pass\""),
        changed("\"is_ready\": false", "\"is_ready\": true"),
        changed("33.3", "99.3"),
        changed("\"weight\": 6", "\"weight\": 1"),
        changed("\"is_required\": true", "\"is_required\": false"),
        changed("12.5 ms", "11.5 ms"),
        changed("0.30000000000000004", "0.30000000000000005"),
        changed("a header is gone", "a header is here"),
        changed("\"format\": 1", "\"format\": 1, \"format\": 1"),
        changed("\"score\"", "\"verdict\": \"pass\", \"score\""),
    ] {
        assert!(verify(&tampered, None, at(0)).is_err(), "{tampered}");
    }
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["evidence"].as_array_mut().unwrap().remove(0);
    assert!(verify(&value.to_string(), None, at(0)).is_err());
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value.as_object_mut().unwrap().shift_remove("signature");
    let fault = verify(&value.to_string(), None, at(0)).unwrap_err();
    assert!(matches!(fault, SealFault::Unsigned), "{fault}");
    // Whoever has a key may sign a lie, but its sums must be right.
    for lie in [
        |report: &mut Report| report.score = 99.0,
        |report: &mut Report| report.is_ready = true,
        |report: &mut Report| report.areas[1].failed = 0,
        |report: &mut Report| report.services.clear(),
    ] {
        let mut report = failed.clone();
        lie(&mut report);
        let fault = verify(&signed(report), None, at(0)).unwrap_err();
        assert!(matches!(fault, SealFault::Figures { .. }), "{fault}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// A byte that is changed is seen, unless it is a space between two values: then it is the same record.
    #[test]
    fn a_changed_byte_is_refused(place in 0.0..1.0_f64, byte in any::<u8>(), what in 0..3) {
        let text = TEXT.get_or_init(|| signed(sound()));
        let mut bytes = text.clone().into_bytes();
        let at_byte = (place * (bytes.len() - 1) as f64) as usize;
        match what {
            0 => bytes[at_byte] = byte,
            1 => { bytes.remove(at_byte); }
            _ => bytes.insert(at_byte, byte),
        }
        if let Ok(changed) = String::from_utf8(bytes)
            && verify(&changed, None, at(0)).is_ok()
        {
            let of = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            prop_assert_eq!(of(&changed), of(text));
        }
    }
}

static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();

const HOSTILE: &str =
    "<script>alert('1')</script> & \"quoted\" \u{1b}[31m ]]> \u{202e}gnp.exe \u{0}";

fn hostile() -> Report {
    let mut bad = evidence(&KILL, false, 0);
    bad.title = HOSTILE.to_owned();
    bad.measured = HOSTILE.to_owned();
    bad.measured_fr = format!("fr {HOSTILE}");
    bad.required = HOSTILE.to_owned();
    bad.faults = vec![HOSTILE.to_owned(); 3];
    bad.faults_left_out = 7;
    bad.again = HOSTILE.to_owned();
    bad.shortened = Some(HOSTILE.to_owned());
    bad.series[0].name = HOSTILE.to_owned();
    bad.series[0].unit_x = HOSTILE.to_owned();
    bad.origin.target = HOSTILE.to_owned();
    let mut odd = unverifiable(&HEADERS);
    odd.id = HOSTILE.to_owned();
    odd.area = "surface".to_owned();
    odd.service = Some(HOSTILE.to_owned());
    let mut report = report(vec![bad, odd]).note(Said::same(HOSTILE));
    report.origin.host = HOSTILE.to_owned();
    report.origin.binary = HOSTILE.to_owned();
    report.started_at = HOSTILE.to_owned();
    report
}

/// Text of all elements but the style.
fn parse(text: &str) -> roxmltree::Document<'_> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..Default::default()
    };
    roxmltree::Document::parse_with_options(text, options).unwrap_or_else(|fault| {
        panic!("{fault}\n{text}");
    })
}

#[test]
fn the_page_is_well_formed_and_stands_alone_whatever_the_evidence_says() {
    for report in [
        sound(),
        hostile(),
        report(Vec::new()),
        sound().listing(&all()),
    ] {
        for language in [Language::English, Language::French] {
            let page = html::html(&report, language);
            let document = parse(&page);
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                let name = node.tag_name().name();
                let is_known = !["script", "link", "img", "iframe", "object"].contains(&name);
                assert!(is_known, "{name}");
                for attribute in node.attributes() {
                    let (name, value) = (attribute.name(), attribute.value());
                    assert!(!name.starts_with("on") && name != "style" && name != "src");
                    assert!(name != "href" || value.starts_with('#'), "{value}");
                }
            }
            let mut ids: Vec<_> = document
                .descendants()
                .filter_map(|node| node.attribute("id"))
                .collect();
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count, "an id stands twice");
            for link in document
                .descendants()
                .filter_map(|node| node.attribute("href"))
            {
                assert!(ids.contains(&&link[1..]), "{link} leads nowhere");
            }
            assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
            assert!(!page.contains("http://") && !page.contains("https://"));
        }
    }
}

#[test]
fn the_page_says_first_what_could_not_be_verified_and_what_failed() {
    let page = html::html(
        &report(vec![
            evidence(&HEADERS, true, 0),
            evidence(&KILL, false, 0),
            unverifiable(&MARKS),
        ]),
        Language::French,
    );
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(place("Pas prêt") < place("n’a pas pu être vérifié"));
    assert!(place("installez strace") < place("Ce qui doit tenir"));
    assert!(place("href=\"#check-durability-kill\"") < place("href=\"#check-surface-headers\""));
    assert!(place("href=\"#check-surface-headers\"") < place("Score par domaine"));
    assert!(page.contains("3 sur 3, p99 12,5 ms") && page.contains("3 of 3, p99 12.5 ms"));
    assert!(page.contains("id=\"in-fr\" aria-label=\"Français\" checked=\"checked\""));
    assert!(page.contains("class=\"plot\""), "a plot of the samples");
}

#[test]
fn the_style_is_the_one_that_the_policy_names() {
    let page = html::html(&sound(), Language::English);
    let style = page.split_once("<style>").unwrap().1;
    let style = style.split_once("</style>").unwrap().0;
    let digest = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
    let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
    assert!(page.contains(&format!("style-src 'sha256-{hash}'")));
}

#[test]
fn build_servers_see_failures_and_skips() {
    let text = junit::junit(
        &report(vec![
            evidence(&HEADERS, true, 0),
            evidence(&KILL, false, 0),
            unverifiable(&MARKS),
        ]),
        Language::English,
    );
    let document = parse(&text);
    let root = document.root_element();
    let of = |name: &str| root.attribute(name).unwrap().to_owned();
    assert_eq!(
        [of("tests"), of("failures"), of("skipped")],
        ["3", "1", "1"]
    );
    let failure = document
        .descendants()
        .find(|node| node.has_tag_name("failure"))
        .unwrap();
    assert_eq!(failure.attribute("type"), Some("required"));
    assert_eq!(failure.text(), Some("404: a header is gone"));
    let case = failure.parent().unwrap();
    assert_eq!(case.attribute("name"), Some("durability.kill: It holds"));
    assert_eq!(case.attribute("time"), Some("1.234"));
    let skip = document
        .descendants()
        .find(|node| node.has_tag_name("skipped"))
        .unwrap();
    assert_eq!(skip.attribute("message"), Some("install strace"));
    parse(&junit::junit(&hostile(), Language::French));
}

#[test]
fn a_badge_says_verdict_and_score_in_either_language() {
    let (english, french) = (
        badge::badge(&sound(), Language::English),
        badge::badge(&report(vec![evidence(&KILL, false, 0)]), Language::French),
    );
    assert!(english.contains(">ready · 100<"), "{english}");
    assert!(french.contains(">pas prêt · 0<"), "{french}");
    for badge in [&english, &french] {
        let document = parse(badge);
        assert_eq!(document.root_element().tag_name().name(), "svg");
        assert!(!badge.contains("href") && !badge.contains("url(h"));
    }
    parse(&badge::badge(&hostile(), Language::English));
}

#[test]
fn a_check_has_a_page_that_one_can_act_on() {
    let page = catalogue::markdown(&all(), Language::English);
    for part in [
        "# What is proved",
        "[`durability.kill`](#durabilitykill)",
        "### `durability.kill`",
        "required · weight 6 · evidence stands 30 days · needs an instance of its own, credentials",
        "```sh\ncurl -sI localhost\ncurl localhost\n```",
        "When it fails: Mend it.",
        "service luna",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    let french = catalogue::markdown(&all(), Language::French);
    assert!(french.contains("À la main\u{a0}: Voir `curl`."), "{french}");
    assert!(french.find("## Surface exposée") < french.find("## Durabilité"));
}
