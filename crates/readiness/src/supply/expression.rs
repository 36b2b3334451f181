//! SPDX licence expressions: `(MIT OR Apache-2.0) AND Unicode-3.0`.

/// Expressions are a few words long; deeper than that is no licence.
const DEEPEST: usize = 16;

/// Whether a licence can be chosen such that all of it is on the list. `A WITH B` is one name there.
pub(super) fn is_allowed(expression: &str, allowed: &[String]) -> Result<bool, String> {
    let words = words(expression);
    let mut reader = Reader {
        words: &words,
        allowed,
        depth: 0,
    };
    let is_allowed = reader.any()?;
    match reader.words.first() {
        None => Ok(is_allowed),
        Some(word) => Err(format!("`{word}` is out of place in `{expression}`")),
    }
}

/// The same in today's words: a slash was once an `OR`.
pub(super) fn canonical(expression: &str) -> String {
    let words = words(expression).join(" ");
    words.replace("( ", "(").replace(" )", ")")
}

fn words(expression: &str) -> Vec<String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

struct Reader<'a> {
    words: &'a [String],
    allowed: &'a [String],
    depth: usize,
}

impl Reader<'_> {
    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.words.first().is_some_and(|next| next == word);
        if is_next {
            self.words = &self.words[1..];
        }
        is_next
    }

    fn any(&mut self) -> Result<bool, String> {
        let mut is_allowed = self.all()?;
        while self.takes("OR") {
            is_allowed |= self.all()?;
        }
        Ok(is_allowed)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut is_allowed = self.one()?;
        while self.takes("AND") {
            is_allowed &= self.one()?;
        }
        Ok(is_allowed)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.takes("(") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("too many brackets".to_owned());
            }
            let is_allowed = self.any()?;
            if !self.takes(")") {
                return Err("a bracket is not closed".to_owned());
            }
            self.depth -= 1;
            return Ok(is_allowed);
        }
        let mut name = self.name()?;
        if self.takes("WITH") {
            name = format!("{name} WITH {}", self.name()?);
        }
        Ok(self.allowed.contains(&name))
    }

    fn name(&mut self) -> Result<String, String> {
        let Some((word, rest)) = self.words.split_first() else {
            return Err("a licence is missing at the end".to_owned());
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | ':');
        if ["AND", "OR", "WITH"].contains(&word.as_str()) || !word.chars().all(is_name) {
            return Err(format!("`{word}` stands where a licence should"));
        }
        self.words = rest;
        Ok(word.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{canonical, is_allowed};

    #[test]
    fn a_licence_is_chosen_where_one_may_be() {
        let allowed = [
            "MIT",
            "Apache-2.0",
            "Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ];
        let allowed = allowed.map(str::to_owned);
        for (expression, verdict) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("MIT OR GPL-3.0", true),
            ("MIT AND GPL-3.0", false),
            ("MIT/GPL-3.0", true),
            ("GPL-3.0 / Apache-2.0", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("(MIT OR Apache-2.0) AND GPL-3.0", false),
            ("GPL-3.0 OR MIT AND Unicode-3.0", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
            ("LGPL-2.1-or-later OR (MIT AND (Unicode-3.0))", true),
        ] {
            assert_eq!(
                is_allowed(expression, &allowed),
                Ok(verdict),
                "{expression}"
            );
        }
        for broken in [
            "",
            "MIT OR",
            "(MIT",
            "MIT)",
            "MIT MIT",
            "AND",
            "MIT WITH",
            "MIT; GPL",
            &"(".repeat(99),
        ] {
            assert!(is_allowed(broken, &allowed).is_err(), "{broken}");
        }
        assert_eq!(
            canonical("(MIT/Apache-2.0) AND  ISC"),
            "(MIT OR Apache-2.0) AND ISC"
        );
    }
}
