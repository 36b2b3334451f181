//! Bytes to text, also where UTF-8 was read as another encoding on the way and written again.
//!
//! A damaged sign is a run of signs whose bytes in the wrong encoding are one sign of UTF-8. It is mended where it stands, one by
//! one, so that a file that is damaged in part is mended in part; and only where the sign that comes out is one that reports are
//! written with, so that sound text ("été »") stays as it is.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Bytes 0x80 to 0xFF of Mac Roman.
const MAC_ROMAN: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";
/// Bytes 0x80 to 0x9F of Windows-1252; those above are Latin-1. Where it has no sign, the control sign of Latin-1 stands.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
/// What French and English are written with beyond ASCII: tells which single-byte encoding makes sense.
const USUAL: &str = "éèàùçêâîôûëïüÉÈÀÇÊœŒ«»’‘“”–—…°€•\u{a0}";
/// Damage upon damage is mended up to here.
const MOST_PASSES: usize = 3;
/// A file with more control signs than one in so many is no text.
const CONTROLS_PER: usize = 20;

/// A text, and what it took to read it.
pub(super) struct Decoded {
    /// Mended.
    pub(super) text: String,
    /// In words: `UTF-8`, `UTF-8 read as Mac Roman`, ….
    pub(super) encoding: String,
    /// Signs mended.
    pub(super) repairs: usize,
}

/// Reads bytes; nothing where they are no text in any encoding.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded> {
    let (mut text, base) = to_text(bytes);
    if !is_text(&text) {
        return None;
    }
    let (mut repairs, mut passes, mut wrong) = (0, 0, None);
    while passes < MOST_PASSES && !text.is_ascii() {
        let (mended, tally) = mend(&text);
        if tally.all() == 0 {
            break;
        }
        text = mended;
        repairs += tally.all();
        passes += 1;
        // The last pass undoes the first damage; the name is that of the damage most signs have.
        wrong = Some(tally.name());
    }
    let encoding = match (wrong, passes) {
        (None, _) => base.to_owned(),
        (Some(wrong), 1) => format!("{base} read as {wrong}"),
        (Some(wrong), n) => format!("{base} read as {wrong}, {n} times"),
    };
    Some(Decoded {
        text: text.trim_start_matches('\u{feff}').to_owned(),
        encoding,
        repairs,
    })
}

fn to_text(bytes: &[u8]) -> (String, &'static str) {
    if let Some(rest) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return (from_utf8_mostly(rest).0, "UTF-8");
    }
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        return (from_utf16(rest, u16::from_le_bytes), "UTF-16LE");
    }
    if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        return (from_utf16(rest, u16::from_be_bytes), "UTF-16BE");
    }
    // UTF-16 without a mark: every second byte of the Latin script is zero.
    let head = &bytes[..bytes.len().min(4096)];
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd, half) = (zeros(0), zeros(1), head.len() / 2);
    if odd > half * 2 / 5 && even * 8 < odd {
        return (from_utf16(bytes, u16::from_le_bytes), "UTF-16LE");
    }
    if even > half * 2 / 5 && odd * 8 < even {
        return (from_utf16(bytes, u16::from_be_bytes), "UTF-16BE");
    }
    from_utf8_mostly(bytes)
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|sign| sign.unwrap_or('\u{fffd}'))
        .collect()
}

/// UTF-8 where it is; bytes that are not are taken as the single-byte encoding that makes the most sense of all of them.
fn from_utf8_mostly(bytes: &[u8]) -> (String, &'static str) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), "UTF-8");
    }
    let strange = || bytes.utf8_chunks().flat_map(|chunk| chunk.invalid());
    let sense = |codec: Codec| {
        strange()
            .filter(|byte| USUAL.contains(codec.sign(**byte)))
            .count()
    };
    let codec = if sense(Codec::Mac) > sense(Codec::Latin) {
        Codec::Mac
    } else {
        Codec::Latin
    };
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| codec.sign(*byte)));
    }
    let name = match codec {
        Codec::Mac => "Mac Roman",
        Codec::Latin => "Windows-1252",
    };
    (text, name)
}

fn is_text(text: &str) -> bool {
    let bad = |sign: &char| matches!(sign, '\u{0}'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{fffd}');
    let bad = text.chars().filter(bad).count();
    bad <= 8.max(text.chars().count() / CONTROLS_PER)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Codec {
    /// Windows-1252, and Latin-1 where that has no sign.
    Latin,
    Mac,
}

type Table = (Vec<char>, HashMap<char, u8>);

static TABLES: LazyLock<[Table; 2]> = LazyLock::new(|| {
    let table = |signs: Vec<char>| -> Table {
        let back = (0x80_u8..=0xff)
            .zip(&signs)
            .map(|(byte, sign)| (*sign, byte));
        let back = back.collect();
        (signs, back)
    };
    let mut latin = table(
        WINDOWS
            .chars()
            .chain((0xa0_u8..=0xff).map(char::from))
            .collect(),
    );
    let controls = (0x80_u8..=0x9f).map(|byte| (char::from(byte), byte));
    latin.1.extend(controls);
    let mut mac = table(MAC_ROMAN.chars().collect());
    // The same byte, as other converters write it.
    mac.1
        .extend([('\u{2126}', 0xbd), ('\u{3bc}', 0xb5), ('¤', 0xdb)]);
    [latin, mac]
});

impl Codec {
    fn table(self) -> &'static Table {
        &TABLES[usize::from(self == Self::Mac)]
    }

    fn sign(self, byte: u8) -> char {
        if byte < 0x80 {
            return char::from(byte);
        }
        self.table().0[usize::from(byte - 0x80)]
    }

    fn byte(self, sign: char) -> Option<u8> {
        self.table().1.get(&sign).copied()
    }
}

/// Signs mended, by the encoding that had damaged them.
#[derive(Clone, Copy, Default)]
struct Tally {
    latin: usize,
    windows: usize,
    mac: usize,
}

impl Tally {
    fn all(self) -> usize {
        self.latin + self.windows + self.mac
    }

    fn name(self) -> &'static str {
        match (self.mac, self.windows, self.latin) {
            (mac, windows, latin) if mac >= windows + latin => "Mac Roman",
            (_, 0, _) => "Latin-1",
            _ => "Windows-1252",
        }
    }
}

/// One pass. A run that could be sound text too ("√π") is mended only in a file that is damaged beyond doubt elsewhere.
fn mend(text: &str) -> (String, Tally) {
    let (mended, sure) = mend_with(text, &Tally::default());
    if sure.all() == 0 {
        return (mended, sure);
    }
    mend_with(text, &sure)
}

fn mend_with(text: &str, sure: &Tally) -> (String, Tally) {
    let mut out = String::with_capacity(text.len());
    let mut tally = Tally::default();
    let mut rest = text;
    while let Some(start) = rest.find(|sign: char| !sign.is_ascii()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let before = out.chars().next_back();
        let found = damaged(rest, before, sure);
        if let Some((sign, length, codec, by_windows)) = found {
            out.push(sign);
            match codec {
                Codec::Mac => tally.mac += 1,
                Codec::Latin if by_windows => tally.windows += 1,
                Codec::Latin => tally.latin += 1,
            }
            rest = &rest[length..];
        } else if let Some(sign) = rest.chars().next() {
            out.push(sign);
            rest = &rest[sign.len_utf8()..];
        }
    }
    out.push_str(rest);
    (out, tally)
}

/// The sign that a run at the beginning was, its length in bytes here, and what damaged it.
fn damaged(rest: &str, before: Option<char>, sure: &Tally) -> Option<(char, usize, Codec, bool)> {
    for codec in [Codec::Latin, Codec::Mac] {
        let Some((sign, signs, length)) = sequence(rest, codec, &[]) else {
            continue;
        };
        let after = rest[length..].chars().next();
        let is_near_letter = [before, after]
            .into_iter()
            .flatten()
            .any(|sign| sign.is_ascii_alphabetic());
        if codec == Codec::Latin || signs > 2 || is_near_letter || sure.mac > 0 {
            let by_windows = rest[..length].chars().any(|sign| sign > '\u{ff}');
            return Some((sign, length, codec, by_windows));
        }
    }
    if sure.latin + sure.windows > 0 {
        return lost_in_latin(rest);
    }
    if sure.mac > 0 && !before.is_some_and(char::is_alphanumeric) {
        // The first byte of a pictograph is the apple in Mac Roman, which many programs drop.
        let (sign, _, length) = sequence(rest, Codec::Mac, &[0xf0])?;
        return Some((sign, length, Codec::Mac, false));
    }
    None
}

/// What is left where a space without a break became a plain one, or a byte that Windows-1252 does not know was dropped.
fn lost_in_latin(rest: &str) -> Option<(char, usize, Codec, bool)> {
    for (run, sign, taken) in [
        ("Ã  ", 'à', "Ã ".len()),
        ("Ã ", 'à', "Ã".len()),
        ("Â ", '\u{a0}', "Â ".len()),
        ("âš ï¸", '⚠', "âš ï¸".len()),
        ("âš ", '⚠', "âš ".len()),
        ("â\u{fffd}Œ", '❌', "â\u{fffd}Œ".len()),
        ("âŒ", '❌', "âŒ".len()),
        ("ï¸\u{fffd}", '\u{fe0f}', "ï¸\u{fffd}".len()),
        ("ï¸", '\u{fe0f}', "ï¸".len()),
    ] {
        if rest.starts_with(run) {
            return Some((sign, taken, Codec::Latin, taken > "Ã ".len()));
        }
    }
    None
}

/// One sign of UTF-8 in the bytes that a run has in an encoding, after bytes that are given.
fn sequence(rest: &str, codec: Codec, given: &[u8]) -> Option<(char, usize, usize)> {
    let mut bytes = [0_u8; 4];
    bytes[..given.len()].copy_from_slice(given);
    let (mut n, mut length) = (given.len(), 0);
    let mut wanted = if n > 0 { 4 } else { 1 };
    for sign in rest.chars() {
        let byte = codec.byte(sign)?;
        if n == 0 {
            wanted = match byte {
                0xc2..=0xdf => 2,
                0xe2 | 0xef => 3,
                0xf0 => 4,
                _ => return None,
            };
        }
        bytes[n] = byte;
        n += 1;
        length += sign.len_utf8();
        if n == wanted {
            break;
        }
    }
    let sign = std::str::from_utf8(bytes.get(..wanted)?)
        .ok()?
        .chars()
        .next()?;
    (n == wanted && is_usual(sign)).then_some((sign, wanted, length))
}

/// What reports are written with, and what damage makes of it: Latin letters, punctuation, arrows, mathematics, boxes,
/// pictographs.
fn is_usual(sign: char) -> bool {
    matches!(sign,
        '\u{80}'..='\u{17f}' | 'ƒ' | '\u{2c6}'..='\u{2dd}' | '\u{300}'..='\u{30c}' | '\u{327}'
        | 'Δ' | 'Ω' | 'Σ' | 'λ' | 'μ' | 'π' | 'σ'
        | '\u{2000}'..='\u{209f}' | '€' | '\u{2100}'..='\u{23ff}' | '\u{2460}'..='\u{27ff}'
        | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}'
        | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}' | '\u{fffd}' | '\u{f8ff}' | 'ﬁ' | 'ﬂ'
        | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// UTF-8 read in an encoding.
    fn damage(text: &str, codec: Codec) -> String {
        text.bytes().map(|byte| codec.sign(byte)).collect()
    }

    fn read(text: &str) -> (String, String) {
        let decoded = decode(text.as_bytes()).unwrap();
        (decoded.text, decoded.encoding)
    }

    const SAMPLE: &str = "## État du système — 92 % prêt 🚀\n- ✅ Débit : 1 000 req/s « mesuré » à l’œil\n- ❌ ⚠️ Où ? Ça, là, ≥ 5 €…\n";

    #[test]
    fn damage_of_each_encoding_is_mended_once_and_twice() {
        for (codec, name) in [(Codec::Mac, "Mac Roman"), (Codec::Latin, "Windows-1252")] {
            let once = damage(SAMPLE, codec);
            assert_ne!(once, SAMPLE);
            assert_eq!(
                read(&once),
                (SAMPLE.to_owned(), format!("UTF-8 read as {name}"))
            );
            let twice = damage(&once, codec);
            let (text, encoding) = read(&twice);
            assert_eq!(text, SAMPLE, "{name}");
            assert!(encoding.ends_with("2 times"), "{encoding}");
        }
        let latin: String = SAMPLE.bytes().map(char::from).collect();
        assert_eq!(read(&latin).0, SAMPLE);
        assert_eq!(
            read("dÃ©ployÃ© Ã  20 h"),
            (
                "déployé à 20 h".to_owned(),
                "UTF-8 read as Latin-1".to_owned()
            )
        );
    }

    #[test]
    fn known_runs_are_mended() {
        for (run, sound) in [
            ("âœ…", "✅"),
            ("â\u{9d}Œ", "❌"),
            ("Ã©", "é"),
            ("‚úÖ", "✅"),
            ("d√©j√†", "déjà"),
            ("‚úÖ √âtat : √ ok", "✅ État : √ ok"),
            ("‚úÖ üöÄ", "✅ 🚀"),
            ("âœ… âŒ âš ï¸ Ã  voir", "✅ ❌ ⚠ à voir"),
            ("ObjectifÂ : â‰¥ 5", "Objectif\u{a0}: ≥ 5"),
            ("sound: é ✅, damaged: âœ… Ã©", "sound: é ✅, damaged: ✅ é"),
        ] {
            assert_eq!(read(run).0, sound, "{run}");
        }
    }

    #[test]
    fn sound_text_stays() {
        for text in [
            "« été\u{a0}» à l’été, où ça ? À Noël, Œuvre, Île, Ô, ÂGE",
            "√π + √2 ≈ ∞, ¬p, Ω µ",
            "Größe, NÃO, São, Ärger, Åsa, Ünal, İzmir",
            "✅ ❌ ⚠️ 🚀 100 % — “quoted” ‘x’",
        ] {
            assert_eq!(read(text), (text.to_owned(), "UTF-8".to_owned()));
        }
    }

    #[test]
    fn other_encodings_are_read() {
        let text = "- ✅ État prêt\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let le: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let be: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for (mark, bytes, name) in [
            (&[0xff, 0xfe][..], &le, "UTF-16LE"),
            (&[0xfe, 0xff], &be, "UTF-16BE"),
            (&[], &le, "UTF-16LE"),
            (&[], &be, "UTF-16BE"),
            (&[0xef, 0xbb, 0xbf], &text.as_bytes().to_vec(), "UTF-8"),
        ] {
            let decoded = decode(&[mark, bytes].concat()).unwrap();
            assert_eq!(
                (decoded.text.as_str(), decoded.encoding.as_str()),
                (text, name)
            );
        }
        for (bytes, name) in [
            (&b"d\xe9ploy\xe9 \xe0 No\xebl"[..], "Windows-1252"),
            (b"d\x8eploy\x8e \x88 No\x91l", "Mac Roman"),
        ] {
            let decoded = decode(bytes).unwrap();
            assert_eq!(
                (decoded.text.as_str(), decoded.encoding.as_str()),
                ("déployé à Noël", name)
            );
        }
        assert!(decode(&[0; 64]).is_none());
    }

    proptest! {
        #[test]
        fn letters_survive_damage(words in proptest::collection::vec("[a-zéèàçêîôûœ]{1,12}", 1..12)) {
            let text = format!("✅ {}", words.join(" "));
            for codec in [Codec::Mac, Codec::Latin] {
                prop_assert_eq!(read(&damage(&text, codec)).0, text.clone());
            }
        }

        #[test]
        fn plain_french_and_english_are_left_alone(
            text in "([a-zA-Zéèàùçêâîôûëïü]{1,9}(, | — |… |\u{a0}» | « |’| € | : |\u{a0}% ✅ )){0,30}"
        ) {
            prop_assert_eq!(read(&text).0, text);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = decode(&bytes);
        }
    }
}
