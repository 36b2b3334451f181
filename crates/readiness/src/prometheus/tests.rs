use proptest::prelude::*;

use super::{Kind, parse};

const SOUND: &str = r#"
# HELP http_requests_total Requests answered, with a \\ and a line\nbreak
# TYPE http_requests_total counter
http_requests_total{route="/a \"b\" \\ \n",code="200",} 12 1395066363000
http_requests_total { route = "/c" , code = "404" }	3

# A comment that means nothing.
#
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1"} 1
took_seconds_bucket{le="1"} 3
took_seconds_bucket{le="+Inf"} 3
took_seconds_sum 1.5e-3
took_seconds_count 3
# TYPE rows summary
rows{quantile="0.5"} NaN
rows_sum 0
rows_count 0
# TYPE free gauge
free -Inf
other 7
"#;

fn faults(text: &str) -> Vec<String> {
    let faults = parse(text).expect_err(text);
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_text_is_read_whole() {
    let read = parse(SOUND).unwrap();
    assert_eq!(read.families.len(), 5);
    assert_eq!(read.series(), 12);
    let requests = read.family("http_requests_total").unwrap();
    let first = &requests.samples[0];
    assert_eq!(first.label("route"), Some("/a \"b\" \\ \n"));
    assert_eq!(
        (first.value, first.timestamp_ms),
        (12.0, Some(1_395_066_363_000))
    );
    let help = requests.help.as_deref().unwrap();
    assert!(help.ends_with("a \\ and a line\nbreak"), "{help}");
    assert_eq!(
        read.value("http_requests_total", &[("code", "404")]),
        Some(3.0)
    );
    assert_eq!(read.family("took_seconds").unwrap().kind, Kind::Histogram);
    assert_eq!(read.value("free", &[]), Some(f64::NEG_INFINITY));
    assert!(read.value("rows", &[]).unwrap().is_nan());
    assert!(!read.family("other").unwrap().is_typed);
}

#[test]
fn each_fault_is_named_with_its_line() {
    let histogram = |lines: &str| format!("# TYPE h histogram\n{lines}");
    let cases = [
        ("a 1", "line 1: the last line does not end"),
        ("a\n", "line 1: a series has no value"),
        ("a one\n", "line 1: `one` is no value"),
        ("a 1 soon\n", "line 1: `soon` is no timestamp"),
        ("a 1 2 3\n", "line 1: `3` stands after the timestamp"),
        ("a 0x1p3\n", "line 1: `0x1p3` is no value"),
        ("a 1\r\n", "line 1: `1\r` is no value"),
        ("9a 1\n", "line 1: `9a 1` begins with no name"),
        ("é 1\n", "begins with no name of a metric"),
        ("a{b=\"c\" 1\n", "no comma after the value of b"),
        ("a{b=\"c} 1\n", "the value of b has no closing quote"),
        ("a{b=c} 1\n", "the value of b has no quotes"),
        ("a{b=\"\\t\"} 1\n", "`\\t` is no escape"),
        ("a{b=\"1\",b=\"2\"} 1\n", "the label b stands twice"),
        ("a{__b=\"1\"} 1\n", "`__b` is no name of a label"),
        ("a{ 1\n", "the labels have no closing brace"),
        (
            "\n# HELP a one\n# HELP a two\na 1\n",
            "line 3: a second HELP line for a",
        ),
        (
            "# TYPE a gauge\n# TYPE a gauge\na 1\n",
            "line 2: a second TYPE line for a",
        ),
        (
            "a 1\n# TYPE a gauge\n",
            "line 2: the TYPE line of a comes after its samples",
        ),
        ("# TYPE a number\n", "line 1: `number` is no type"),
        (
            "# HELP a text\nthat goes on\na 1\n",
            "line 2: `goes` is no value",
        ),
        (
            "a{x=\"1\"} 1\nb 1\na{x=\"2\"} 1\n",
            "line 3: the lines of a do not stand together",
        ),
        (
            "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n",
            "line 2: the series a{x=\"1\",y=\"2\"} stands twice",
        ),
        ("# TYPE a counter\na -1\n", "line 2: the counter a is -1"),
    ];
    for (text, said) in cases {
        let faults = faults(text);
        assert!(
            faults.iter().any(|fault| fault.contains(said)),
            "{text}: {faults:?}"
        );
    }
    let end = "h_sum 1\nh_count 3\n";
    for (lines, said) in [
        (
            format!(
                "h_bucket{{le=\"2\"}} 1\nh_bucket{{le=\"1\"}} 2\nh_bucket{{le=\"+Inf\"}} 3\n{end}"
            ),
            "not in order at le=1",
        ),
        (
            format!(
                "h_bucket{{le=\"1\"}} 3\nh_bucket{{le=\"2\"}} 2\nh_bucket{{le=\"+Inf\"}} 3\n{end}"
            ),
            "do not add up at le=2",
        ),
        (
            format!("h_bucket{{le=\"1\"}} 3\n{end}"),
            "has no last bucket",
        ),
        (
            format!("h_bucket{{le=\"+Inf\"}} 4\n{end}"),
            "counts 3 and its last bucket 4",
        ),
        (
            format!("h_bucket{{le=\"wide\"}} 4\n{end}"),
            "has no bound `le`",
        ),
        (
            "h_bucket{le=\"+Inf\"} 3\nh_count 3\n".to_owned(),
            "has no _sum",
        ),
        (
            "h_bucket{le=\"+Inf\"} 3\nh_sum 3\n".to_owned(),
            "has no _count",
        ),
    ] {
        let faults = faults(&histogram(&lines));
        assert!(
            faults.iter().any(|fault| fault.contains(said)),
            "{lines}: {faults:?}"
        );
    }
    let summary = "# TYPE s summary\ns{quantile=\"2\"} 1\ns_sum 1\n";
    let faults = faults(summary);
    assert!(faults[0].contains("no quantile from 0 to 1") && faults[1].contains("has no _count"));
}

#[test]
fn customs_are_told_apart_from_faults() {
    let read = parse("# TYPE hits counter\nhits 1\nother 2\n").unwrap();
    let told: Vec<_> = read
        .unconventional()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "line 1: hits has no HELP text",
            "line 1: hits is a counter whose name does not end in _total",
            "line 3: other has no TYPE line",
            "line 3: other has no HELP text",
        ]
    );
}

#[test]
fn a_text_beyond_all_bounds_is_refused() {
    assert!(parse(&"#".repeat(super::MOST_BYTES + 1)).is_err());
    let many = faults(&"?\n".repeat(1_000));
    assert_eq!(many.len(), 100);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn no_text_that_is_nearly_right_makes_it_panic(
        lines in prop::collection::vec("(# (HELP|TYPE) )?[ab]{0,2}(_(bucket|sum|count))?(\\{?[a-c=\"\\\\,]{0,8}\\}?)? ?(counter|histogram|summary|[0-9.+-eINnaf]{0,5})?", 0..12)
    ) {
        if let Ok(read) = parse(&lines.join("\n")) {
            prop_assert!(read.series() <= lines.len());
        }
    }

    #[test]
    fn a_value_of_a_label_comes_back(value in "\\PC*") {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let read = parse(&format!("a{{b=\"{escaped}\"}} 1\n")).unwrap();
        prop_assert_eq!(read.families[0].samples[0].label("b"), Some(value.as_str()));
    }
}
