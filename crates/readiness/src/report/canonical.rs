//! One form for equal JSON (RFC 8785): sorted keys, no spaces, numbers as ECMAScript writes them.
//!
//! The reader is our own, because what is signed must be read without any choice: it refuses keys that stand twice, of which readers
//! differ over which one counts, and numbers that are not in their shortest form, of which several texts would be the same number.

use std::fmt::Write as _;

/// Deeper than any record.
const MOST_DEPTH: usize = 64;

/// A value in canonical order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Canonical {
    /// `null`, `true`, `false`, a number or a text, as it is written.
    Atom(String),
    /// A list.
    List(Vec<Canonical>),
    /// An object: its keys, sorted, each with its value.
    Object(Vec<(String, Canonical)>),
}

/// Why a text has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct FormFault {
    what: &'static str,
    at: usize,
}

impl Canonical {
    /// Reads JSON.
    pub fn read(text: &str) -> Result<Self, FormFault> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.space();
        if reader.at < text.len() {
            return Err(reader.fault("something follows the value"));
        }
        Ok(value)
    }

    /// Without a member of the outermost object.
    #[must_use]
    pub fn without(self, key: &str) -> Self {
        match self {
            Self::Object(mut members) => {
                members.retain(|(name, _)| name != key);
                Self::Object(members)
            }
            other => other,
        }
    }

    /// The one text of this value.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Atom(atom) => out.push_str(atom),
            Self::List(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (number, (key, value)) in members.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    out.push_str(&quoted(key));
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn fault(&self, what: &'static str) -> FormFault {
        FormFault { what, at: self.at }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes a sign, where it is next.
    fn takes(&mut self, sign: u8) -> bool {
        self.space();
        let is_next = self.next() == Some(sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self, depth: usize) -> Result<Canonical, FormFault> {
        if depth > MOST_DEPTH {
            return Err(self.fault("nested too deeply"));
        }
        self.space();
        match self.next() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Canonical::Atom(quoted(&self.string()?))),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = ["null", "true", "false"];
                let word = words.into_iter().find(|word| self.rest().starts_with(word));
                let word = word.ok_or_else(|| self.fault("no JSON value"))?;
                self.at += word.len();
                Ok(Canonical::Atom(word.to_owned()))
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Canonical, FormFault> {
        self.at += 1;
        let mut members: Vec<(String, Canonical)> = Vec::new();
        if !self.takes(b'}') {
            loop {
                self.space();
                if self.next() != Some(b'"') {
                    return Err(self.fault("a key is expected"));
                }
                let key = self.string()?;
                if !self.takes(b':') {
                    return Err(self.fault("a colon is expected"));
                }
                members.push((key, self.value(depth + 1)?));
                if self.takes(b'}') {
                    break;
                }
                if !self.takes(b',') {
                    return Err(self.fault("a comma or the object's end is expected"));
                }
            }
        }
        members.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
        if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(self.fault("a key stands twice in the object that ends"));
        }
        Ok(Canonical::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Canonical, FormFault> {
        self.at += 1;
        let mut items = Vec::new();
        if !self.takes(b']') {
            loop {
                items.push(self.value(depth + 1)?);
                if self.takes(b']') {
                    break;
                }
                if !self.takes(b',') {
                    return Err(self.fault("a comma or the list's end is expected"));
                }
            }
        }
        Ok(Canonical::List(items))
    }

    fn string(&mut self) -> Result<String, FormFault> {
        let mut is_escaped = false;
        let bytes = self.rest().as_bytes();
        let end = bytes.iter().skip(1).position(|byte| {
            let is_end = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            is_end
        });
        let end = end.ok_or_else(|| self.fault("a text does not end"))?;
        let token = self.rest().get(..end + 2).unwrap_or_default();
        let text = serde_json::from_str(token).map_err(|_| self.fault("no text"))?;
        self.at += end + 2;
        Ok(text)
    }

    fn number(&mut self) -> Result<Canonical, FormFault> {
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = self.rest().bytes().take_while(|byte| is_part(byte)).count();
        let token = self.rest().get(..length).unwrap_or_default();
        let number: f64 = token.parse().map_err(|_| self.fault("no number"))?;
        if !number.is_finite() {
            return Err(self.fault("a number is too large"));
        }
        let written = number_text(number);
        let as_serde = serde_json::Number::from_f64(number).map(|number| number.to_string());
        if token != written && as_serde.as_deref() != Some(token) {
            return Err(self.fault("a number is not in its shortest form"));
        }
        self.at += length;
        Ok(Canonical::Atom(written))
    }
}

/// A text in quotes: what must be escaped is, in the shortest way, and nothing else.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// `Number::toString` of ECMAScript (ECMA-262, 6.1.6.1.20): the fewest digits that give the number back.
fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    // Of two texts that are as short and as near, the standard takes the even one: serde_json does, `{:e}` does not.
    let text = serde_json::to_string(&number.abs()).unwrap_or_default();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{part}");
    let significant = all.trim_start_matches('0');
    let length = |text: &str| i32::try_from(text.len()).unwrap_or(i32::MAX);
    // The point stands behind so many digits.
    let point =
        length(whole) + exponent.parse::<i32>().unwrap_or(0) - (length(&all) - length(significant));
    let digits = significant.trim_end_matches('0').to_owned();
    let count = length(&digits);
    let body = if count <= point && point <= 21 {
        digits.clone() + &"0".repeat((point - count) as usize)
    } else if 0 < point && point <= 21 {
        let (whole, part) = digits.split_at(point as usize);
        format!("{whole}.{part}")
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", "0".repeat(-point as usize))
    } else {
        let (first, rest) = digits.split_at(1);
        let point_and_rest = if rest.is_empty() {
            String::new()
        } else {
            format!(".{rest}")
        };
        format!("{first}{point_and_rest}e{:+}", point - 1)
    };
    format!("{sign}{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_shows() {
        // RFC 8785, appendix B.
        for (bits, text) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(number_text(f64::from_bits(bits)), text);
        }
    }

    #[test]
    fn equal_values_have_one_text() {
        let given = "{\"\u{fb33}\": 1, \"b\": [1.0, 2, 1e3, {}],\n\"a\": \"\\u00e9\\/\\u000a<\", \"😀\": null}";
        let text = Canonical::read(given);
        // 1e3 has a shorter form, by which it would be two texts.
        assert!(text.is_err(), "{text:?}");
        let text = Canonical::read(&given.replace("1e3", "1000.0"))
            .unwrap()
            .text();
        assert_eq!(
            text,
            "{\"a\":\"é/\\n<\",\"b\":[1,2,1000,{}],\"😀\":null,\"\u{fb33}\":1}"
        );
        assert_eq!(Canonical::read(&text).unwrap().text(), text);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for (text, why) in [
            ("{\"a\":1,\"a\":2}", "twice"),
            ("{\"a\":1,\"\\u0061\":2}", "twice"),
            ("[1] 2", "follows"),
            ("[0.30000000000000005]", "shortest"),
            ("[01]", "shortest"),
            ("[1E400]", "large"),
            ("[12345678901234567890]", "shortest"),
            ("[\"a", "end"),
            ("[\"\\x\"]", "no text"),
            ("{a:1}", "key"),
            ("[1,]", "value"),
            ("", "value"),
            ("tru", "value"),
        ] {
            let fault = Canonical::read(text).unwrap_err().to_string();
            assert!(fault.contains(why), "{text}: {fault}");
        }
        let deep = "[".repeat(100_000);
        assert!(Canonical::read(&deep).is_err());
    }
}
