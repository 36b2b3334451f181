//! Five reports in the style of five services, judged without and with the evidence of a run, and hostile ones.

use std::fmt::Write as _;
use std::path::PathBuf;

use chassis::check::{Evidence, Origin, Verdict, Words};
use chassis::clock::Timestamp;
use chassis::i18n::Language;
use proptest::prelude::*;
use readiness::import::{
    ImportFault, Judged, MOST_BYTES, MOST_CLAIMS, Mark, judge, judge_among, mapped_ids,
};

const NOW: &str = "2026-11-21T12:00:00.000Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn evidence(id: &str, verdict: Verdict, measured: &str) -> Evidence {
    Evidence {
        id: id.to_owned(),
        area: id.split('.').next().unwrap().to_owned(),
        service: None,
        title: String::new(),
        title_fr: String::new(),
        verdict,
        measured: measured.to_owned(),
        measured_fr: format!("[fr] {measured}"),
        required: "what is required".to_owned(),
        required_fr: "ce qui est exigé".to_owned(),
        faults: Vec::new(),
        faults_left_out: 0,
        series: Vec::new(),
        again: String::new(),
        shortened: None,
        shortened_fr: None,
        weight: 5,
        is_required: true,
        started_at: "2026-11-21T11:00:00.000Z".to_owned(),
        ended_at: "2026-11-21T11:00:01.000Z".to_owned(),
        expires_at: "2026-12-21T11:00:01.000Z".to_owned(),
        origin: Origin::default(),
    }
}

/// A run as one might be: most passes, some fails, some cannot be verified, one is old.
fn run() -> Vec<Evidence> {
    let mut run: Vec<Evidence> = mapped_ids()
        .map(|id| evidence(id, Verdict::Pass, "0 faults in 40 requests"))
        .collect();
    let mut set = |id: &str, verdict, measured: &str| {
        let one = run.iter_mut().find(|one| one.id == id).unwrap();
        *one = evidence(id, verdict, measured);
    };
    set(
        "limits.per_address",
        Verdict::Pass,
        "100 answered, then 429 with Retry-After 41 s",
    );
    set(
        "limits.per_user",
        Verdict::Pass,
        "1000 answered within an hour, then 429",
    );
    set(
        "load.objectives",
        Verdict::Pass,
        "p50 9 ms, p95 143 ms, p99 700 ms, errors 0 % at 200 req/s",
    );
    set("load.cost", Verdict::Pass, "0.4 ms of CPU a request, 62 MB");
    set(
        "access.lockout",
        Verdict::Fail,
        "20 wrong passwords in a row were checked",
    );
    set(
        "durability.sync",
        Verdict::NotVerifiable,
        "strace is not installed",
    );
    set("supply.advisories", Verdict::NotVerifiable, "no network");
    set("load.soak", Verdict::Skipped, "only with --full");
    let lockout = run
        .iter_mut()
        .find(|one| one.id == "access.lockout")
        .unwrap();
    lockout
        .faults
        .push("the 20th wrong password got a 401".to_owned());
    let old = run.iter_mut().find(|one| one.id == "access.cors").unwrap();
    old.expires_at = "2026-10-01T00:00:00.000Z".to_owned();
    run
}

fn judged(report: &[u8], evidence: &[Evidence], language: Language) -> Judged {
    let listed = mapped_ids().map(|id| (id, Words::new("", "")));
    judge_among(report, evidence, listed, language, now()).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports")
}

/// What both judgements say, one claim after the other.
fn shown(name: &str, language: Language) -> String {
    let report = std::fs::read(folder().join(format!("{name}.md"))).unwrap();
    let alone = judged(&report, &[], language);
    let measured = judged(&report, &run(), language);
    let mut out = format!("{}, {} mended\n", alone.encoding, alone.repairs);
    let counts = |judged: &Judged| {
        let counts = judged.counts;
        format!(
            "proved {}, contradicted {}, unproven {}",
            counts.proved, counts.contradicted, counts.unproven
        )
    };
    let _ = writeln!(out, "alone: {}", counts(&alone));
    let _ = writeln!(out, "measured: {}", counts(&measured));
    for (one, two) in alone.claims.iter().zip(&measured.claims) {
        assert_eq!((one.line, &one.text), (two.line, &two.text));
        let kind = serde_json::to_value(one.kind).unwrap();
        let _ = writeln!(
            out,
            "\n{} {} {}",
            one.line,
            kind.as_str().unwrap(),
            one.text
        );
        for (when, claim) in [("alone", one), ("measured", two)] {
            let mark = claim.verdict.title().english;
            let check = claim.check.as_deref().unwrap_or("-");
            let _ = writeln!(out, "    {when}: {mark} {check}: {}", claim.why);
        }
    }
    out
}

/// Holds a text against a file; `UPDATE=1` writes it.
fn expect(name: &str, language: Language) {
    let path = folder().join(format!("{name}.expected.txt"));
    let shown = shown(name, language);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(shown, expected, "{name}: UPDATE=1 writes it again");
}

#[test]
fn a_french_report_read_as_mac_roman_is_mended_and_judged() {
    expect("nightscan", Language::French);
}

#[test]
fn an_english_report_with_tables_is_judged() {
    expect("support", Language::English);
}

#[test]
fn a_report_with_scores_is_judged() {
    expect("crealia", Language::French);
}

#[test]
fn a_report_with_load_objectives_is_judged() {
    expect("lightning", Language::English);
}

#[test]
fn a_report_with_tick_lists_is_judged() {
    expect("luna", Language::French);
}

/// Lines that look like a contradiction and are none, and lines that are one.
#[test]
fn a_line_contradicts_itself_only_where_it_does() {
    for (line, mark) in [
        ("- ✅ Backup every 24 h, restore < 4 h", Mark::Unproven),
        ("- ✅ Restore in 2 h (target < 4 h)", Mark::Unproven),
        ("- ✅ No data loss, 0 TODO left, not mocked", Mark::Unproven),
        (
            "- ✅ Objectif atteint : 1200 req/s (cible 1000)",
            Mark::Unproven,
        ),
        ("- ✅ target 1000 users, 34 req/s", Mark::Unproven),
        ("- ✅ Mode debug désactivé", Mark::Unproven),
        ("- ✅ Todo list", Mark::Unproven),
        ("- ✅ Tests : 45/45 (100 %)", Mark::Unproven),
        ("- ✅ 99.9% uptime (SLA 99.5%)", Mark::Unproven),
        (
            "- ✅ Throughput: 1,250 req/s achieved vs 1,000 req/s target",
            Mark::Unproven,
        ),
        (
            "- ✅ 150 ms measured, then 5 MB (limit < 10 MB)",
            Mark::Unproven,
        ),
        ("- ✅ Error rate 0.5 % (target < 0.1 %)", Mark::Contradicted),
        (
            "- ✅ RTO 5 h (objectif 4 h), RPO 30 min (objectif 1 h)",
            Mark::Contradicted,
        ),
        (
            "- ✅ Response time under 200ms (p95: 340ms)",
            Mark::Contradicted,
        ),
        (
            "- ✅ Disponibilité ≥ 99,9 % — réel : 97 %",
            Mark::Contradicted,
        ),
        ("- ✅ 1,5 s (objectif ≤ 900 ms)", Mark::Contradicted),
        ("- [x] Alertes : non testé", Mark::Contradicted),
        ("- ✅ 34 req/s mesurés pour 1000 visés", Mark::Contradicted),
        (
            "- ✅ Throughput (target > 1000 req/s): 34 req/s",
            Mark::Contradicted,
        ),
        ("- ✅ latency 0.85 s, goal 200 ms", Mark::Contradicted),
        ("- ✅ CPU < 70% (actual 92%)", Mark::Contradicted),
        ("✅ Score : 12/10", Mark::Contradicted),
        ("- ❌ 34 req/s (target > 1000)", Mark::Unproven),
    ] {
        let (found, _, why) = only(line, &[]);
        assert_eq!(found, mark, "{line}: {why}");
    }
}

fn only(report: &str, evidence: &[Evidence]) -> (Mark, Option<String>, String) {
    let judged = judged(report.as_bytes(), evidence, Language::English);
    let claim = judged.claims.into_iter().next_back().unwrap();
    (claim.verdict, claim.check, claim.why)
}

#[test]
fn a_figure_that_a_run_does_not_bear_out_is_contradicted_or_unproven() {
    let run = [evidence(
        "load.objectives",
        Verdict::Pass,
        "p95 312 ms, 40 req/s sustained",
    )];
    for (line, mark) in [
        ("- ✅ Latency p95: 320 ms", Mark::Proved),
        ("- ✅ Latency p95 < 400 ms", Mark::Proved),
        ("- ✅ Latency p95: 120 ms", Mark::Contradicted),
        ("- ✅ Latency p95 < 300 ms", Mark::Contradicted),
        ("- ✅ Throughput > 1000 req/s", Mark::Contradicted),
        ("- ✅ Latency p99: 20 ms", Mark::Unproven),
        ("- ✅ Load test", Mark::Proved),
        ("- ❌ Load test", Mark::Unproven),
        ("- ✅ Load test: not tested", Mark::Contradicted),
    ] {
        let (found, _, why) = only(line, &run);
        assert_eq!(found, mark, "{line}: {why}");
    }
    let at = [evidence(
        "load.objectives",
        Verdict::Pass,
        "p95 12 ms at 40 req/s",
    )];
    assert_eq!(only("- ✅ Throughput > 1000 req/s", &at).0, Mark::Unproven);
}

#[test]
fn the_latest_run_of_a_check_counts_and_old_ones_prove_nothing() {
    let pass = evidence("access.cors", Verdict::Pass, "all refused");
    let mut later = evidence("access.cors", Verdict::Fail, "one let in");
    later.ended_at = "2026-11-21T11:30:00.000Z".to_owned();
    let (mark, check, why) = only("- ✅ CORS", &[later, pass.clone()]);
    assert_eq!(
        (mark, check.as_deref()),
        (Mark::Contradicted, Some("access.cors"))
    );
    assert!(
        why.contains("one let in") && why.contains("what is required"),
        "{why}"
    );
    for expires_at in ["2026-11-21T11:59:59.000Z", "some day"] {
        let old = Evidence {
            expires_at: expires_at.to_owned(),
            ..pass.clone()
        };
        assert_eq!(only("- ✅ CORS", &[old]).0, Mark::Unproven);
    }
}

#[test]
fn a_claim_of_several_topics_needs_them_all() {
    let cors = evidence("access.cors", Verdict::Pass, "all refused");
    let csrf = |verdict| evidence("access.csrf", verdict, "12 tried");
    let line = "- ✅ CORS and CSRF";
    assert_eq!(only(line, std::slice::from_ref(&cors)).0, Mark::Unproven);
    assert_eq!(
        only(line, &[cors.clone(), csrf(Verdict::Pass)]).0,
        Mark::Proved
    );
    assert_eq!(
        only(line, &[cors, csrf(Verdict::Fail)]).0,
        Mark::Contradicted
    );
}

#[test]
fn all_ready_is_never_proved_and_falls_with_a_required_check() {
    for line in [
        "# 100 % ready",
        "Status: production ready ✅",
        "Score total : 100/100",
    ] {
        assert_eq!(
            only(line, &[evidence("access.cors", Verdict::Pass, "")]).0,
            Mark::Unproven
        );
    }
    let (mark, check, _) = only("# 100 % ready", &run());
    assert_eq!(
        (mark, check.as_deref()),
        (Mark::Contradicted, Some("access.lockout"))
    );
    let not = judged(
        b"The system is not production ready.\n",
        &[],
        Language::English,
    );
    assert!(not.claims.is_empty());
}

#[test]
fn the_record_has_the_form_that_is_promised_and_can_be_read_again() {
    let judged = judged(
        "- ✅ CORS | x\n- [ ] b\n".as_bytes(),
        &run(),
        Language::English,
    );
    let record = serde_json::to_value(&judged).unwrap();
    assert_eq!(record["claims"][0]["line"], 1);
    assert_eq!(record["claims"][0]["verdict"], "unproven");
    assert_eq!(record["claims"][0]["check"], "access.cors");
    assert_eq!(record["counts"]["unproven"], 2);
    assert_eq!(serde_json::from_value::<Judged>(record).unwrap(), judged);
}

#[test]
fn claims_are_written_back_as_a_table_that_holds_no_markup_of_theirs() {
    let report = "- ✅ CORS a|b <script>x</script> `code` [x\n- ✅ CSRF\u{1b}[m\n";
    let judged = judged(report.as_bytes(), &run(), Language::French);
    let table = judged.markdown(Language::French);
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(rows[1].contains(r"a\|b") && !table.contains("<script>") && !table.contains('\u{1b}'));
    assert!(
        rows[2].contains("✅ prouvé") && rows[2].contains("0 faults in 40"),
        "{table}"
    );
    let lines = judged.terminal(Language::English);
    assert!(lines[0].starts_with("    1  unproven    "), "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|line| line == "Claims: 2 (1 proved, 0 contradicted, 1 unproven)")
    );
}

#[test]
fn too_long_and_binary_files_are_refused_and_too_many_claims_are_counted() {
    let fault = judge(&vec![b'a'; MOST_BYTES + 1], &[], Language::English).unwrap_err();
    assert_eq!(
        fault,
        ImportFault::TooLarge {
            bytes: MOST_BYTES + 1
        }
    );
    assert!(fault.say(Language::French).contains("octets"));
    assert_eq!(
        judge(&[0; 100], &[], Language::English),
        Err(ImportFault::NoText)
    );
    let many = "- [x] a\n".repeat(MOST_CLAIMS + 5);
    let judged = judged(many.as_bytes(), &[], Language::English);
    assert_eq!(
        (judged.claims.len(), judged.counts.left_out),
        (MOST_CLAIMS, 5)
    );
}

#[test]
fn hostile_shapes_are_read_to_their_end() {
    for text in [
        "[".repeat(200_000),
        "<!--".repeat(50_000),
        "```\n".repeat(50_001),
        "> ".repeat(100_000),
        "|".repeat(100_000) + "\n|-|\n" + &"| ✅ ".repeat(10_000),
        (0..2000).map(|n| " ".repeat(n) + "- [x] a\n").collect(),
        "# ✅\n".repeat(20_000),
        "- ✅ 9 999 999 999 999 999 999 999 999 999 999 % (1/1/1/1) < > <= 5 ms\n".repeat(2000),
        "Ã".repeat(100_000),
        "‚ú".repeat(100_000),
    ] {
        judged(text.as_bytes(), &run(), Language::English);
    }
}

/// Pieces of reports, put together by chance.
fn reports() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "- [x] ",
        "- ✅ ",
        "‚úÖ ",
        "âœ… ",
        "# ",
        "## ",
        "| ",
        " | ",
        "|---|---|\n",
        "\n",
        "\n\n",
        " — ",
        "CORS",
        "CSRF ",
        "p95 ",
        "850 ms ",
        "< 200 ms ",
        "> 1000 req/s ",
        "100 % ready ",
        "85/100 ",
        "TODO ",
        "(",
        ")",
        "objectif ",
        "mesuré : ",
        "34 req/s ",
        "12/15 tests ",
        "rate limit ",
        "```\n",
        "<!-- ",
        " -->",
        "❌ ",
        "Score total : ",
        "\r\n",
        "\t",
        "Métriques ",
        "√©",
        "é",
        "«\u{a0}",
        "0,5 % ",
        "1 234,5 s ",
        "**",
        "[a](b)",
        "\\|",
        "\u{202e}",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_is_proved_without_evidence(report in reports(), tail in "\\PC{0,40}") {
        let report = report + &tail;
        let judged = judged(report.as_bytes(), &[], Language::French);
        prop_assert_eq!(judged.counts.proved, 0);
        prop_assert!(judged.claims.iter().all(|claim| claim.verdict != Mark::Proved));
    }

    #[test]
    fn what_is_proved_has_a_pass_that_is_fresh(report in reports(), verdicts in prop::collection::vec(0..5_u8, 64)) {
        let run: Vec<Evidence> = mapped_ids()
            .zip(verdicts)
            .map(|(id, kind)| {
                let verdict = match kind {
                    0 | 4 => Verdict::Pass,
                    1 => Verdict::Fail,
                    2 => Verdict::NotVerifiable,
                    _ => Verdict::Skipped,
                };
                let mut one = evidence(id, verdict, "p95 20 ms");
                if kind == 4 {
                    one.expires_at = "2026-01-01T00:00:00.000Z".to_owned();
                }
                one
            })
            .collect();
        let judged = judged(report.as_bytes(), &run, Language::English);
        let lines = report.lines().count();
        for claim in &judged.claims {
            prop_assert!(!claim.why.is_empty() && claim.line >= 1 && claim.line <= lines.max(1));
            if claim.verdict == Mark::Proved {
                let id = claim.check.as_deref().unwrap();
                let one = run.iter().find(|one| one.id == id).unwrap();
                prop_assert!(one.verdict == Verdict::Pass && one.expires_at.as_str() > NOW);
            }
        }
        let _ = (judged.markdown(Language::French), judged.terminal(Language::English));
    }

    #[test]
    fn any_bytes_are_judged_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        if let Ok(judged) = judge(&bytes, &[], Language::English) {
            prop_assert_eq!(judged.counts.proved, 0);
        }
    }
}
