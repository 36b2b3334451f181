//! Words of two languages, made comparable.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Small letters without accents, plain spaces and quotes, every dash that parts phrases as `—`.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for sign in text.nfkd() {
        match sign {
            '’' | '‘' | 'ʼ' => folded.push('\''),
            '–' | '―' => folded.push('—'),
            '−' | '\u{2010}' | '\u{2011}' => folded.push('-'),
            'œ' | 'Œ' => folded.push_str("oe"),
            'æ' | 'Æ' => folded.push_str("ae"),
            '\u{338}' | '\u{fe0f}' | '\u{200b}' | '\u{200d}' => {}
            sign if sign.is_whitespace() => folded.push(' '),
            sign if is_combining_mark(sign) => {}
            sign => folded.extend(sign.to_lowercase()),
        }
    }
    folded
}

/// The words of a folded text: runs of letters and digits.
pub(super) fn tokens(folded: &str) -> Vec<&str> {
    folded
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|token| !token.is_empty())
        .collect()
}

/// Where a pattern stands in words: its words in a row, a word with `*` at its end as a beginning.
pub(super) fn find(tokens: &[&str], pattern: &str) -> Option<std::ops::Range<usize>> {
    let fits = |token: &str, wanted: &str| match wanted.strip_suffix('*') {
        Some(stem) => token.starts_with(stem),
        None => token == wanted,
    };
    let length = pattern.split(' ').count();
    let start = tokens.windows(length).position(|window| {
        let mut pairs = window.iter().zip(pattern.split(' '));
        pairs.all(|(token, wanted)| fits(token, wanted))
    })?;
    Some(start..start + length)
}

/// Whether any of some patterns stands there.
pub(super) fn has_any(tokens: &[&str], patterns: &[&str]) -> bool {
    patterns
        .iter()
        .any(|pattern| find(tokens, pattern).is_some())
}

/// Whether a text is French rather than English, by its small words and accents.
pub(super) fn is_french(text: &str) -> bool {
    const FRENCH: &[&str] = &[
        "le", "la", "les", "de", "des", "du", "et", "est", "une", "pour", "avec", "sur", "objectif",
    ];
    const ENGLISH: &[&str] = &[
        "the", "of", "and", "is", "are", "to", "for", "with", "on", "in", "target", "not", "all",
    ];
    let (mut french, mut english) = (0_usize, 0_usize);
    for word in text.split(|sign: char| !sign.is_alphanumeric()) {
        let small = word.to_lowercase();
        french += usize::from(FRENCH.contains(&small.as_str()) || small.contains(['é', 'è', 'à']));
        english += usize::from(ENGLISH.contains(&small.as_str()));
    }
    french > english
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_accents_and_endings() {
        let folded = fold("En-têtes de SÉCURITÉ\u{202f}: l’œil – ½");
        assert_eq!(folded, "en-tetes de securite : l'oeil — 1⁄2");
        let tokens = tokens(&folded);
        assert_eq!(find(&tokens, "tete* de secur*"), Some(1..4));
        assert_eq!(find(&tokens, "tete de"), None);
        assert!(is_french("Le débit est mesuré") && !is_french("The rate is measured"));
    }
}
