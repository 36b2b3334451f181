//! Any bytes as somebody's readiness report: refused, or judged claim by claim with nothing proved, since there is no run; what is
//! written back is text without control signs.
#![no_main]

use chassis::i18n::Language;
use libfuzzer_sys::fuzz_target;
use readiness::import::{MOST_BYTES, MOST_CLAIMS, Mark, judge};

fuzz_target!(|report: &[u8]| {
    let Ok(judged) = judge(report, &[], Language::French) else { return };
    assert!(report.len() <= MOST_BYTES && judged.claims.len() <= MOST_CLAIMS);
    let lines = report.len() + 1;
    for claim in &judged.claims {
        assert!(claim.verdict != Mark::Proved && !claim.why.is_empty());
        assert!(claim.line >= 1 && claim.line <= lines);
        assert!(!claim.text.chars().any(char::is_control));
    }
    let counts = judged.counts;
    assert_eq!(counts.proved + counts.contradicted + counts.unproven, judged.claims.len());
    let table = judged.markdown(Language::English);
    assert!(table.lines().count() >= judged.claims.len());
    let _ = judged.terminal(Language::French);
});
