//! How a terminal is written on: colours where they are wanted, lines that fit.

use std::io::IsTerminal;

/// Lines longer than this are hard to read, however wide the window is.
const WIDEST: usize = 100;
const NARROWEST: usize = 40;
/// Where nobody says how wide it is.
const USUAL: usize = 80;

/// A colour or weight, as the terminal's codes.
#[derive(Clone, Copy)]
pub(super) enum Tint {
    Bold,
    Soft,
    Green,
    Red,
    Yellow,
    Blue,
}

impl Tint {
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Soft => "2",
            Self::Green => "32",
            Self::Red => "31",
            Self::Yellow => "33",
            Self::Blue => "36",
        }
    }
}

/// What the terminal is able to show.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    /// Colours are wanted.
    pub(super) is_coloured: bool,
    /// A line can be drawn again.
    pub(super) is_live: bool,
    /// Columns.
    pub(super) width: usize,
}

impl Ink {
    /// Of standard error, where all but the answer goes.
    pub(super) fn of_stderr() -> Self {
        Self::of(std::io::stderr().is_terminal(), &std::io::stderr())
    }

    /// Of standard output, for what is asked to be shown.
    pub(super) fn of_stdout() -> Self {
        Self::of(std::io::stdout().is_terminal(), &std::io::stdout())
    }

    fn of(is_terminal: bool, stream: &impl std::os::fd::AsFd) -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let is_live = is_terminal && !is_dumb;
        let columns = terminal_size::terminal_size_of(stream)
            .map_or(USUAL, |(width, _)| usize::from(width.0));
        Self {
            is_coloured: is_live && !is_set("NO_COLOR"),
            is_live,
            width: columns.clamp(NARROWEST, WIDEST),
        }
    }

    /// A text in a colour.
    pub(super) fn paint(self, tint: Tint, text: &str) -> String {
        if self.is_coloured && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", tint.code())
        } else {
            text.to_owned()
        }
    }
}

/// Columns of a text without codes.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// A text in lines of at most so many columns, broken between words; a word longer than that is broken inside.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    // A space that does not break belongs to its word.
    for word in text
        .split([' ', '\n', '\t'])
        .filter(|word| !word.is_empty())
    {
        let mut word = word.to_owned();
        loop {
            let line = lines.last_mut().expect("there is one from the start");
            let used = columns(line);
            let gap = usize::from(used > 0);
            if used + gap + columns(&word) <= width {
                if gap > 0 {
                    line.push(' ');
                }
                line.push_str(&word);
                break;
            }
            if used == 0 {
                let at = word
                    .char_indices()
                    .nth(width)
                    .map_or(word.len(), |(at, _)| at);
                let rest = word.split_off(at);
                line.push_str(&word);
                word = rest;
            }
            lines.push(String::new());
        }
    }
    lines
}

/// A text cut to so many columns, with a sign that something is gone.
pub(super) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short + "…"
}

/// Two texts at the ends of a line; where they do not fit, the first is wrapped and the second stands on its first line.
pub(super) fn ends(left: &str, right: &str, width: usize) -> Vec<String> {
    let room = width.saturating_sub(columns(right) + 2);
    let mut lines = wrap(left, room.max(10));
    if let Some(first) = lines.first_mut() {
        let gap = width.saturating_sub(columns(first) + columns(right));
        first.push_str(&" ".repeat(gap.max(1)));
        first.push_str(right);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(cut("épreuve", 4), "épr…");
        assert_eq!(ends("left", "right", 12), ["left   right"]);
        for line in ends("a text that is longer than its line", "1.2 s", 24) {
            assert!(columns(&line) <= 24, "{line}");
        }
    }
}
