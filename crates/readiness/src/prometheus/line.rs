//! One line of the text format.

use super::{Kind, Sample};

/// More labels than that on one series are a fault of the program, and would make comparing them slow.
const MOST_LABELS: usize = 128;

/// What a line is.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// Empty, or a comment.
    Nothing,
    /// `# HELP`.
    Help(String, String),
    /// `# TYPE`.
    Type(String, Kind),
    /// A series' value.
    Sample(Sample),
}

/// Reads a line, without its end.
pub(super) fn read(line: &str) -> Result<Line, String> {
    let line = line.trim_start_matches(BLANK);
    if line.is_empty() {
        return Ok(Line::Nothing);
    }
    match line.strip_prefix('#') {
        Some(comment) => about(comment),
        None => sample(line).map(Line::Sample),
    }
}

const BLANK: [char; 2] = [' ', '\t'];

fn about(comment: &str) -> Result<Line, String> {
    let comment = comment.trim_start_matches(BLANK);
    let (word, rest) = comment.split_once(BLANK).unwrap_or((comment, ""));
    if word != "HELP" && word != "TYPE" {
        return Ok(Line::Nothing);
    }
    let rest = rest.trim_start_matches(BLANK);
    let (name, rest) = rest.split_once(BLANK).unwrap_or((rest, ""));
    if !is_name(name, true) {
        return Err(format!("`{}` is no name of a metric", short(name)));
    }
    if word == "HELP" {
        let text = unescaped(rest.trim_start_matches(BLANK), false)?;
        return Ok(Line::Help(name.to_owned(), text));
    }
    let kind = rest.trim_matches(BLANK);
    let Some(kind) = Kind::from_name(kind) else {
        return Err(format!("`{}` is no type of a metric", short(kind)));
    };
    Ok(Line::Type(name.to_owned(), kind))
}

fn sample(line: &str) -> Result<Sample, String> {
    let end = line.find(|c: char| !is_name_character(c, true));
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    if !is_name(name, true) {
        return Err(format!("`{}` begins with no name of a metric", short(line)));
    }
    let rest = rest.trim_start_matches(BLANK);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let mut words = rest.split(BLANK).filter(|word| !word.is_empty());
    let value = words.next().ok_or("a series has no value")?;
    let value = number(value).ok_or_else(|| format!("`{}` is no value", short(value)))?;
    let timestamp_ms = match words.next() {
        None => None,
        Some(word) => {
            let read = word.parse::<i64>();
            Some(read.map_err(|_| format!("`{}` is no timestamp", short(word)))?)
        }
    };
    if let Some(word) = words.next() {
        return Err(format!("`{}` stands after the timestamp", short(word)));
    }
    Ok(Sample {
        name: name.to_owned(),
        labels,
        value,
        timestamp_ms,
        line: 0,
    })
}

/// Names and values.
type Labels = Vec<(String, String)>;

/// Labels, after the opening brace, and what follows the closing one.
fn labels(mut rest: &str) -> Result<(Labels, &str), String> {
    let mut labels: Labels = Vec::new();
    loop {
        rest = rest.trim_start_matches(BLANK);
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, after) = rest
            .split_once('=')
            .ok_or("the labels have no closing brace")?;
        let name = name.trim_end_matches(BLANK);
        if !is_name(name, false) {
            return Err(format!("`{}` is no name of a label", short(name)));
        }
        if labels.iter().any(|(own, _)| own == name) {
            return Err(format!("the label {name} stands twice"));
        }
        if labels.len() >= MOST_LABELS {
            return Err(format!("more than {MOST_LABELS} labels"));
        }
        let quoted = after.trim_start_matches(BLANK).strip_prefix('"');
        let quoted = quoted.ok_or_else(|| format!("the value of {name} has no quotes"))?;
        let end = closing_quote(quoted)
            .ok_or_else(|| format!("the value of {name} has no closing quote"))?;
        labels.push((name.to_owned(), unescaped(&quoted[..end], true)?));
        rest = quoted[end + 1..].trim_start_matches(BLANK);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err(format!("no comma after the value of {name}")),
        }
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })
}

/// Takes `\\`, `\n` and, in a label, `\"` for what they mean. Other escapes are faults.
fn unescaped(text: &str, in_label: bool) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('\\') => out.push('\\'),
            Some('n') => out.push('\n'),
            Some('"') if in_label => out.push('"'),
            Some(other) => return Err(format!("`\\{other}` is no escape")),
            None => return Err("a backslash stands alone at the end".to_owned()),
        }
    }
    Ok(out)
}

fn number(word: &str) -> Option<f64> {
    match word {
        "NaN" => return Some(f64::NAN),
        "+Inf" | "Inf" => return Some(f64::INFINITY),
        "-Inf" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let is_number =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    word.bytes().all(is_number).then(|| word.parse().ok())?
}

/// The value of a label `le` or `quantile`.
pub(super) fn bound(word: &str) -> Option<f64> {
    number(word).filter(|value| !value.is_nan())
}

fn is_name(name: &str, of_metric: bool) -> bool {
    let first = name.chars().next();
    first.is_some_and(|c| !c.is_ascii_digit())
        && name.chars().all(|c| is_name_character(c, of_metric))
        // Reserved for the scraper's own.
        && (of_metric || !name.starts_with("__"))
}

fn is_name_character(character: char, of_metric: bool) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || (of_metric && character == ':')
}

/// Enough to find it again.
fn short(text: &str) -> String {
    text.chars().take(60).collect()
}
