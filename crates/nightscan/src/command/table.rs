//! Tables that people bring: comma-separated values with a header (RFC 4180), also with semicolons or tabs as spreadsheets write them.

use std::path::Path;

/// A table that was read.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Why a table cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TableFault {
    /// The file could not be read.
    Read(String),
    /// There is no header, or no row below it.
    Empty,
    /// A column that is needed is not there.
    NoColumn {
        /// Which.
        wanted: &'static str,
        /// Those that are there.
        columns: String,
    },
    /// A line has another number of cells than the header.
    Ragged {
        /// Counted from 1, with the header.
        line: usize,
    },
    /// A cell is not the number that it has to be.
    NotANumber {
        /// Counted from 1, with the header.
        line: usize,
        /// What stands there.
        cell: String,
    },
}

impl Table {
    /// Reads a file.
    pub(super) fn open(path: &Path) -> Result<Self, TableFault> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| TableFault::Read(cause.to_string()))?;
        Self::parse(&text)
    }

    /// Reads a text.
    pub(super) fn parse(text: &str) -> Result<Self, TableFault> {
        // Spreadsheets begin UTF-8 with a mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let header = text.lines().next().unwrap_or_default();
        let separator = [',', ';', '\t']
            .into_iter()
            .max_by_key(|separator| (header.matches(*separator).count(), *separator == ','))
            .expect("three are listed");
        let mut rows = cells(text, separator).into_iter();
        let columns: Vec<String> = rows
            .next()
            .unwrap_or_default()
            .into_iter()
            .map(|name| name.trim().to_lowercase())
            .collect();
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return Err(TableFault::Empty);
        }
        if let Some(at) = rows.iter().position(|row| row.len() != columns.len()) {
            return Err(TableFault::Ragged { line: at + 2 });
        }
        Ok(Self { columns, rows })
    }

    /// A column that has to be there.
    pub(super) fn column(&self, wanted: &'static str) -> Result<usize, TableFault> {
        self.optional(wanted).ok_or_else(|| TableFault::NoColumn {
            wanted,
            columns: self.columns.join(", "),
        })
    }

    /// A column that may be there.
    pub(super) fn optional(&self, wanted: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == wanted)
    }

    /// The rows below the header.
    pub(super) fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// A cell as a number.
    pub(super) fn number(&self, row: usize, column: usize) -> Result<f64, TableFault> {
        let cell = self.rows[row][column].trim();
        cell.parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| TableFault::NotANumber {
                line: row + 2,
                cell: cell.to_owned(),
            })
    }
}

fn cells(text: &str, separator: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut is_quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if cell.is_empty() => is_quoted = true,
            '\r' if !is_quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !is_quoted => {
                end_row(&mut rows, &mut row, &mut cell);
            }
            _ if letter == separator && !is_quoted => row.push(std::mem::take(&mut cell)),
            _ => cell.push(letter),
        }
    }
    end_row(&mut rows, &mut row, &mut cell);
    rows
}

fn end_row(rows: &mut Vec<Vec<String>>, row: &mut Vec<String>, cell: &mut String) {
    if row.is_empty() && cell.trim().is_empty() {
        cell.clear();
        return;
    }
    row.push(std::mem::take(cell));
    rows.push(std::mem::take(row));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_separators_and_line_ends_of_spreadsheets_are_read() {
        for text in [
            "file,class\r\n\"a, b.wav\",birds\r\n",
            "\u{feff}File;Class\n\"a, b.wav\";birds\n\n",
            "file\tclass\na, b.wav\tbirds",
        ] {
            let table = Table::parse(text).unwrap();
            assert_eq!(table.rows(), [["a, b.wav", "birds"]], "{text:?}");
            assert_eq!(table.column("class"), Ok(1));
        }
        let table = Table::parse("a,b\n\"say \"\"hi\"\"\",\"two\nlines\"\n").unwrap();
        assert_eq!(table.rows(), [["say \"hi\"", "two\nlines"]]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        assert_eq!(Table::parse("").unwrap_err(), TableFault::Empty);
        let ragged = Table::parse("a,b\n1,2\n3\n").unwrap_err();
        assert_eq!(ragged, TableFault::Ragged { line: 3 });
        let table = Table::parse("a,b\n1,x\n").unwrap();
        assert!(matches!(
            table.column("c"),
            Err(TableFault::NoColumn { wanted: "c", .. })
        ));
        assert_eq!(table.number(0, 0), Ok(1.0));
        assert!(matches!(
            table.number(0, 1),
            Err(TableFault::NotANumber { line: 2, .. })
        ));
    }
}
