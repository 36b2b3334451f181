//! Where blocks begin and end: fences, comments, front matter, list markers, the cells of a row.

const MOST_CELLS: usize = 40;

/// The line behind `---` … `---` at the top.
pub(super) fn front_matter(lines: &[&str]) -> usize {
    if lines.first().map(|line| line.trim_end()) != Some("---") {
        return 0;
    }
    let is_end = |line: &str| matches!(line.trim_end(), "---" | "...");
    let inside = lines.iter().skip(1).take(100);
    let end = inside.clone().position(|line| is_end(line));
    match end {
        Some(end)
            if inside
                .take(end)
                .all(|line| line.contains(':') || line.starts_with([' ', '-', '#'])) =>
        {
            end + 2
        }
        _ => 0,
    }
}

pub(super) fn unquote(mut line: &str) -> &str {
    for _ in 0..8 {
        match line.trim_start().strip_prefix('>') {
            Some(rest) => line = rest.strip_prefix(' ').unwrap_or(rest),
            None => break,
        }
    }
    line
}

/// What is known of ends that are missing: a fence or comment without an end hides nothing, and is looked for once.
#[derive(Default)]
pub(super) struct Ends {
    no_fence: [Option<usize>; 2],
    no_comment: bool,
}

impl Ends {
    /// The last line of the fenced block that begins on a line.
    pub(super) fn fence(&mut self, lines: &[&str], at: usize, line: &str) -> Option<usize> {
        let inner = bullet(line.trim_start()).map_or(line.trim_start(), |(_, rest)| rest);
        let sign = inner
            .chars()
            .next()
            .filter(|sign| matches!(sign, '`' | '~'))?;
        let run = |text: &str| text.chars().take_while(|other| *other == sign).count();
        let length = run(inner).min(16);
        if length < 3 || (sign == '`' && inner[run(inner)..].contains('`')) {
            return None;
        }
        let known = &mut self.no_fence[usize::from(sign == '~')];
        if known.is_some_and(|least| length >= least) {
            return None;
        }
        let closes = |line: &&str| {
            let inner = unquote(line).trim();
            run(inner) >= length && inner.chars().all(|other| other == sign)
        };
        let end = lines[at + 1..].iter().position(closes);
        if end.is_none() {
            *known = Some(length);
        }
        end.map(|end| at + 1 + end)
    }

    /// The line without comments, and the last line that they reach to.
    pub(super) fn without_comments(
        &mut self,
        lines: &[&str],
        at: usize,
        line: &str,
    ) -> (String, usize) {
        let (mut shown, mut rest) = (String::new(), line);
        while let Some(start) = rest.find("<!--") {
            shown.push_str(&rest[..start]);
            let inner = &rest[start + 4..];
            if let Some(end) = inner.find("-->") {
                rest = &inner[end + 3..];
                continue;
            }
            if !self.no_comment
                && let Some(end) = lines[at + 1..].iter().position(|line| line.contains("-->"))
            {
                // What stands behind the end on its line belongs to no other.
                return (shown, at + 1 + end);
            }
            self.no_comment = true;
            rest = inner;
        }
        shown.push_str(rest);
        (shown, at)
    }
}

/// The marker's width and the text behind it.
pub(super) fn bullet(trimmed: &str) -> Option<(usize, &str)> {
    let marker = trimmed.chars().next()?;
    if matches!(marker, '-' | '*' | '+' | '•' | '◦' | '▪' | '–' | '·') {
        let rest = &trimmed[marker.len_utf8()..];
        return rest
            .starts_with([' ', '\t', '\u{a0}'])
            .then(|| (2, rest.trim_start()));
    }
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 4 {
        return None;
    }
    let rest = trimmed[digits..].strip_prefix(['.', ')'])?;
    rest.starts_with([' ', '\t'])
        .then(|| (digits + 2, rest.trim_start()))
}

pub(super) fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line
        .strip_suffix('|')
        .filter(|front| !front.ends_with('\\'))
        .unwrap_or(line);
    let (mut cells, mut start) = (Vec::new(), 0);
    for (at, _) in line.match_indices('|') {
        if !line[..at].ends_with('\\') && cells.len() < MOST_CELLS {
            cells.push(line[start..at].trim());
            start = at + 1;
        }
    }
    cells.push(line[start..].trim());
    cells
}

pub(super) fn is_separator(line: &str) -> bool {
    let line = line.trim();
    line.contains('-')
        && line.contains('|')
        && line
            .chars()
            .all(|sign| matches!(sign, '|' | '-' | ':' | ' ' | '—' | '\t'))
}

/// `=====` below a heading. Dashes are as often a rule, and count only in numbers.
pub(super) fn is_underline(next: &str) -> bool {
    let next = next.trim();
    next.len() >= 3
        && (next.bytes().all(|byte| byte == b'=')
            || next.len() >= 4 && next.bytes().all(|byte| byte == b'-'))
}
