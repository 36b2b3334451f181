//! "Did you mean": the known name nearest to what was typed.

/// The candidate nearest to `typed`, if it is near enough to be a slip of the hand: a third of its letters at most.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Beyond this no key is that long, and the distance costs the product of both lengths.
    if typed.len() > 128 {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (distance(typed, candidate), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance * 3 <= candidate.chars().count())
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, drop, replace or swap with their neighbour (optimal string alignment distance).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (row, cells) in rows.iter_mut().enumerate() {
        cells[0] = row;
    }
    for (column, cell) in rows[0].iter_mut().enumerate() {
        *cell = column;
    }
    for row in 1..=left.len() {
        for column in 1..=right.len() {
            let replace =
                rows[row - 1][column - 1] + usize::from(left[row - 1] != right[column - 1]);
            let mut best = replace
                .min(rows[row - 1][column] + 1)
                .min(rows[row][column - 1] + 1);
            let is_swap = row > 1
                && column > 1
                && left[row - 1] == right[column - 2]
                && left[row - 2] == right[column - 1];
            if is_swap {
                best = best.min(rows[row - 2][column - 2] + 1);
            }
            rows[row][column] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slip_is_recognised_and_a_stranger_is_not() {
        let known = ["http.listen", "http.public_url", "data.folder"];
        assert_eq!(nearest("http.listen", known), Some("http.listen"));
        assert_eq!(nearest("http.lsiten", known), Some("http.listen"));
        assert_eq!(nearest("data.floder", known), Some("data.folder"));
        assert_eq!(nearest("smtp.password", known), None);
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }
}
