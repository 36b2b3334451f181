//! Damaged Markdown to the lines that may be claims: a reader of lines, since a report whose structure is broken is read by people too.

mod blocks;

use super::inline::{State, clean, clip, ending, marks, status_word};
use super::words::{find, fold, has_any, tokens};
use blocks::{Ends, bullet, cells, front_matter, is_separator, is_underline, unquote};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Bullet,
    Row,
    Heading,
    Plain,
}

/// A line that may be a claim.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// From 1, in the file as it came.
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) shape: Shape,
    /// The heading's depth, 1 to 7; 0 for others.
    pub(super) level: usize,
    pub(super) state: State,
    /// Which heading it stands below.
    pub(super) section: usize,
    /// That heading and the line that it is listed under, for lines that say too little.
    pub(super) context: String,
    /// Below "roadmap", "next steps" and the like.
    pub(super) is_later: bool,
    /// A mark and nothing but tags behind it: the text is those tags, and says nothing to a reader.
    pub(super) is_markup: bool,
}

const MOST_TEXT: usize = 400;
const LATER: &[&str] = &[
    "roadmap",
    "next step*",
    "prochaine* etape*",
    "futur*",
    "amelioration*",
    "improvement*",
    "optional",
    "optionnel*",
    "nice to have",
    "backlog",
    "v2",
    "later",
    "plus tard",
];
const DONE: &[&str] = &[
    "complete*",
    "done",
    "termine*",
    "implemente*",
    "realise*",
    "what works",
    "ce qui fonctionne",
    "ce qui marche",
    "acquis",
    "finished",
    "operationnel*",
];
const NOT_DONE: &[&str] = &[
    "a faire",
    "todo",
    "restant*",
    "remaining",
    "missing",
    "manquant*",
    "not done",
    "limitations",
    "known issues",
    "problemes connus",
    "non fait*",
    "bloquant*",
    "blockers",
];

struct Heading {
    level: usize,
    text: String,
    state: State,
    is_later: bool,
}

struct Reader<'a> {
    emit: &'a mut dyn FnMut(Draft),
    pending: Option<Draft>,
    /// Indentation of the list lines above, with their text and state.
    parents: Vec<(usize, String, State)>,
    headings: Vec<Heading>,
    section: usize,
    /// The header of the table that is being read.
    table: Option<Vec<String>>,
}

/// Reads a text and hands out each line that may be a claim.
pub(super) fn read(text: &str, emit: &mut dyn FnMut(Draft)) {
    let has_feeds = text.contains('\n');
    let lines: Vec<&str> = text
        .split(|sign| sign == '\n' || (!has_feeds && sign == '\r'))
        .map(|line| clip(line.strip_suffix('\r').unwrap_or(line)))
        .collect();
    let mut reader = Reader {
        emit,
        pending: None,
        parents: Vec::new(),
        headings: Vec::new(),
        section: 0,
        table: None,
    };
    let mut at = front_matter(&lines);
    let mut ends = Ends::default();
    while at < lines.len() {
        let line = unquote(lines[at]);
        if let Some(end) = ends.fence(&lines, at, line) {
            reader.flush();
            at = end + 1;
            continue;
        }
        let (shown, last) = ends.without_comments(&lines, at, line);
        let next = lines.get(last + 1).map_or("", |line| unquote(line));
        reader.line(at + 1, &shown, next);
        at = last + 1;
    }
    reader.flush();
}

impl Reader<'_> {
    fn flush(&mut self) {
        if let Some(mut draft) = self.pending.take() {
            if let Some((end, _)) = draft.text.char_indices().nth(MOST_TEXT) {
                draft.text.truncate(end);
                draft.text.push('…');
            }
            (self.emit)(draft);
        }
    }

    fn line(&mut self, number: usize, line: &str, next: &str) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            self.flush();
            self.table = None;
            return;
        }
        let columns: usize = line
            .chars()
            .take_while(|sign| sign.is_whitespace())
            .map(|sign| if sign == '\t' { 4 } else { 1 })
            .sum();
        if is_separator(trimmed) {
            return;
        }
        if trimmed.starts_with('|')
            || (self.table.is_some() && trimmed.contains('|'))
            || (trimmed.contains('|') && is_separator(next))
        {
            self.flush();
            if is_separator(next) {
                self.table = Some(cells(trimmed).into_iter().map(clean).collect());
            } else {
                self.row(number, trimmed);
            }
            return;
        }
        self.table = None;
        let depth = trimmed.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=6).contains(&depth) && trimmed[depth..].starts_with([' ', '\t']) {
            self.heading(number, depth, trimmed[depth..].trim().trim_end_matches('#'));
        } else if let Some((_, rest)) = bullet(trimmed) {
            self.bullet(number, columns, rest);
        } else if trimmed
            .chars()
            .all(|sign| matches!(sign, '-' | '=' | '*' | '_' | ' '))
        {
            self.flush();
        } else if is_underline(next) {
            self.heading(
                number,
                if next.trim_start().starts_with('=') {
                    1
                } else {
                    2
                },
                trimmed,
            );
        } else {
            self.plain(number, columns, trimmed);
        }
    }

    fn heading(&mut self, number: usize, level: usize, text: &str) {
        self.flush();
        self.parents.clear();
        let (state, text) = marks(&clean(text));
        let folded = fold(&text);
        let words = tokens(&folded);
        let is_later = has_any(&words, LATER);
        let said = if is_later || state != State::Unsaid {
            state
        } else if has_any(&words, NOT_DONE) {
            State::NotDone
        } else if has_any(&words, DONE)
            && find(&words, "non").is_none()
            && find(&words, "not").is_none()
        {
            State::Done
        } else {
            State::Unsaid
        };
        while self.headings.last().is_some_and(|last| last.level >= level) {
            self.headings.pop();
        }
        self.section += 1;
        let above = self.headings.last().is_some_and(|last| last.is_later);
        let is_later = is_later || above;
        let context = self.context();
        self.headings.push(Heading {
            level,
            text: text.clone(),
            state: said,
            is_later,
        });
        self.pending = Some(Draft {
            line: number,
            text,
            shape: Shape::Heading,
            level,
            state,
            section: self.section,
            context,
            is_later,
            is_markup: false,
        });
        self.flush();
    }

    fn bullet(&mut self, number: usize, columns: usize, rest: &str) {
        self.flush();
        while self
            .parents
            .last()
            .is_some_and(|(indent, ..)| *indent >= columns)
        {
            self.parents.pop();
        }
        let (own, text) = marks(&clean(rest));
        let own = if own == State::Unsaid {
            ending(&text)
        } else {
            own
        };
        let inherited = self
            .parents
            .iter()
            .rev()
            .map(|(.., state)| *state)
            .find(|state| *state != State::Unsaid)
            .or_else(|| {
                // A title speaks of the whole, not of each line.
                let below = self
                    .headings
                    .iter()
                    .rev()
                    .filter(|heading| heading.level > 1);
                below
                    .map(|heading| heading.state)
                    .find(|state| *state != State::Unsaid)
            });
        let state = if own == State::Unsaid {
            inherited.unwrap_or(own)
        } else {
            own
        };
        let mut draft = self.draft(number, text.clone(), Shape::Bullet, state);
        if text.is_empty() && own != State::Unsaid {
            // Its words stand in attributes: what is ticked counts, and is shown as it is written.
            draft.text = marks(rest).1;
            draft.is_markup = true;
        }
        self.pending = Some(draft);
        if self.parents.len() < 16 {
            self.parents.push((columns, text, own));
        }
    }

    fn plain(&mut self, number: usize, columns: usize, trimmed: &str) {
        let (state, text) = marks(&clean(trimmed));
        // A sentence goes on with a small letter, and a list line below its own text, unless a mark begins a new one.
        let goes_on = trimmed.starts_with(char::is_lowercase);
        if state == State::Unsaid
            && let Some(pending) = &mut self.pending
            && (goes_on || (columns >= 2 && pending.shape == Shape::Bullet))
            && pending.text.len() < 2 * MOST_TEXT
        {
            pending.text.push(' ');
            pending.text.push_str(&text);
            return;
        }
        self.flush();
        if columns < 2 {
            self.parents.clear();
        }
        let is_bold = trimmed.starts_with("**") && trimmed.trim_end_matches(':').ends_with("**");
        if is_bold && state == State::Unsaid && !text.contains(|sign: char| sign.is_ascii_digit()) {
            self.heading(number, 7, trimmed);
            return;
        }
        self.pending = Some(self.draft(number, text, Shape::Plain, state));
    }

    fn row(&mut self, number: usize, line: &str) {
        self.parents.clear();
        let header = self.table.as_deref().unwrap_or_default();
        let (mut state, mut parts) = (State::Unsaid, Vec::new());
        let cells = cells(line);
        for (n, cell) in cells.iter().enumerate() {
            let title = header.get(n).map_or("", String::as_str);
            let folded = fold(title);
            let words = tokens(&folded);
            let (own, text) = marks(&clean(cell));
            if has_any(&words, &["avant", "before", "precedent*", "previous*"]) {
                continue;
            }
            let is_status = has_any(
                &words,
                &[
                    "statut*",
                    "status",
                    "etat*",
                    "state",
                    "ok",
                    "fait",
                    "done",
                    "verdict",
                    "pret",
                    "ready",
                    "valide*",
                    "resultat*",
                    "result*",
                    "check",
                ],
            );
            let is_last = header.is_empty() && n > 0 && n + 1 == cells.len();
            let word = if n > 0 && (is_status || is_last) {
                status_word(&text)
            } else {
                State::Unsaid
            };
            state = state.and(own).and(word);
            let is_number =
                n == 0 && cells.len() > 2 && text.chars().all(|sign| sign.is_ascii_digit());
            if text.is_empty() || word != State::Unsaid || is_number {
                continue;
            }
            if parts.is_empty() || title.is_empty() {
                parts.push(text);
            } else {
                parts.push(format!("{title} : {text}"));
            }
        }
        let draft = self.draft(number, parts.join(" — "), Shape::Row, state);
        self.pending = Some(draft);
        self.flush();
    }

    fn context(&self) -> String {
        let heading = self
            .headings
            .last()
            .map_or("", |heading| heading.text.as_str());
        let parent = self.parents.last().map_or("", |(_, text, _)| text.as_str());
        format!("{heading} — {parent}")
    }

    fn draft(&self, line: usize, text: String, shape: Shape, state: State) -> Draft {
        Draft {
            line,
            text,
            shape,
            level: 0,
            state,
            section: self.section,
            context: self.context(),
            is_later: self.headings.last().is_some_and(|heading| heading.is_later),
            is_markup: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::claim::{Claim, Kind};
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(text, &mut |draft| {
            found.push(format!(
                "{} {:?} {:?} {}",
                draft.line, draft.shape, draft.state, draft.text
            ));
        });
        found
    }

    #[test]
    fn lists_keep_their_marks_and_lines_go_on() {
        assert_eq!(
            shown(
                "- [x] Limits\n  with Redis\n- [ ] Backups\n1. ✅ **Logs**: JSON\n   - one\n\n✅ Plain\r\nmore\n"
            ),
            [
                "1 Bullet Done Limits with Redis",
                "3 Bullet NotDone Backups",
                "4 Bullet Done Logs: JSON",
                "5 Bullet Done one",
                "7 Plain Done Plain more",
            ]
        );
    }

    #[test]
    fn fences_comments_and_front_matter_are_no_claims_unless_they_never_end() {
        assert_eq!(
            shown(
                "---\ntitle: x\n---\n```\n- [x] a\n```\n<!-- - [x] b\n- [x] c -->\n- [x] d <!-- e -->\n~~~\n- [x] f"
            ),
            ["9 Bullet Done d", "10 Plain Unsaid ~", "11 Bullet Done f"]
        );
    }

    #[test]
    fn rows_take_the_names_of_their_columns() {
        assert_eq!(
            shown(
                "| Test | Objectif | Mesuré | Statut |\n|---|:--:|---|---|\n| Débit | > 1000 req/s | 34 req/s | ✅ |\n| Pannes | | | À faire |\n"
            ),
            [
                "3 Row Done Débit — Objectif : > 1000 req/s — Mesuré : 34 req/s",
                "4 Row NotDone Pannes",
            ]
        );
    }

    #[test]
    fn a_ticked_line_of_tags_alone_is_counted_and_says_nothing() {
        let text = "- [x] <img src=\"tls.svg\" alt=\"TLS\">\n- [x]\n- <br>\n- [x] TLS\n";
        let mut found = Vec::new();
        read(text, &mut |draft| {
            if let Some(claim) = Claim::of(draft, false) {
                found.push((claim.line, claim.words().len(), claim.kind));
            }
        });
        assert_eq!(found, [(1, 0, Kind::Tick), (4, 1, Kind::Tick)]);
    }

    #[test]
    fn headings_speak_for_the_lines_below_them() {
        assert_eq!(
            shown(
                "# ✅ All\n- a\n## ✅ Done\n- b\n### Part\n- c\n## Reste à faire\n- d\n## Roadmap\n- e\n"
            ),
            [
                "1 Heading Done All",
                "2 Bullet Unsaid a",
                "3 Heading Done Done",
                "4 Bullet Done b",
                "5 Heading Unsaid Part",
                "6 Bullet Done c",
                "7 Heading Unsaid Reste à faire",
                "8 Bullet NotDone d",
                "9 Heading Unsaid Roadmap",
                "10 Bullet Unsaid e",
            ]
        );
    }
}
