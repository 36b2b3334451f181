//! The filters of detections, as they stand in an address.

use chassis::http::problem::{FieldProblem, Problem};
use chassis::http::query::Query;
use chassis::id;

use crate::check;
use crate::store::detections::{Bounds, Wanted};

/// The names of all filters.
pub(super) const NAMES: [&str; 8] = [
    "class",
    "from",
    "to",
    "min_confidence",
    "bbox",
    "site",
    "recording",
    "reviewed",
];

/// Reads the filters; all faults are reported together.
pub(super) fn of(query: &Query) -> Result<Wanted, Problem> {
    let mut faults = Vec::new();
    let mut moment = |name: &'static str| {
        let text = query.get(name)?;
        let moment = check::moment(text);
        if moment.is_none() {
            faults.push(FieldProblem::new(name, "nightscan.moment", Vec::new()));
        }
        moment.map(chassis::clock::Timestamp::unix_ms)
    };
    let (from_ms, to_ms) = (moment("from"), moment("to"));
    let class = query.get("class").map(str::to_owned);
    if class
        .as_deref()
        .is_some_and(|class| !check::is_class(class))
    {
        faults.push(FieldProblem::new("class", "nightscan.class", Vec::new()));
    }
    let min_confidence = query
        .get("min_confidence")
        .map(|text| text.parse::<f64>().unwrap_or(-1.0));
    if min_confidence.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
        faults.push(check::fault("min_confidence", 0, 1));
    }
    let bounds = query.get("bbox").map(bounds);
    if bounds == Some(None) {
        faults.push(FieldProblem::new("bbox", "nightscan.bbox", Vec::new()));
    }
    let reviewed = match query.get("reviewed") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => {
            faults.push(FieldProblem::new("reviewed", "field.boolean", Vec::new()));
            None
        }
    };
    for name in ["site", "recording"] {
        if query.get(name).is_some_and(|text| id::parse(text).is_err()) {
            faults.push(FieldProblem::new(name, "nightscan.no_id", Vec::new()));
        }
    }
    check::sound(faults)?;
    Ok(Wanted {
        class,
        from_ms,
        to_ms,
        min_confidence,
        bounds: bounds.flatten(),
        site: query.get("site").map(str::to_owned),
        recording: query.get("recording").map(str::to_owned),
        reviewed,
        only_right: false,
    })
}

/// The site that is asked for.
pub(super) fn site(query: &Query) -> Result<Option<String>, Problem> {
    let Some(text) = query.get("site") else {
        return Ok(None);
    };
    if id::parse(text).is_err() {
        let field = FieldProblem::new("site", "nightscan.no_id", Vec::new());
        return Err(Problem::invalid(vec![field]));
    }
    Ok(Some(text.to_owned()))
}

/// West, south, east, north, as in GeoJSON (RFC 7946, 5).
fn bounds(text: &str) -> Option<Bounds> {
    let numbers: Vec<f64> = text
        .split(',')
        .map(|part| part.trim().parse().ok())
        .collect::<Option<_>>()?;
    let [west, south, east, north] = numbers[..] else {
        return None;
    };
    let fits = check::place(south, west) && check::place(north, east) && south <= north;
    fits.then_some(Bounds {
        west,
        south,
        east,
        north,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Wanted, Vec<String>> {
        let query = Query::parse(text, &NAMES).unwrap();
        let fields = |problem: Problem| {
            problem
                .errors
                .into_iter()
                .map(|fault| fault.field)
                .collect()
        };
        of(&query).map_err(fields)
    }

    #[test]
    fn filters_are_read() {
        let wanted = read("class=birds&from=2026-05-12T19:00:00Z&min_confidence=0.8&bbox=-1.5,46,2,48.5&reviewed=false").unwrap();
        assert_eq!(wanted.class.as_deref(), Some("birds"));
        assert_eq!(wanted.from_ms, Some(1_778_612_400_000));
        assert_eq!(wanted.min_confidence, Some(0.8));
        let bounds = Bounds {
            west: -1.5,
            south: 46.0,
            east: 2.0,
            north: 48.5,
        };
        assert_eq!(
            (wanted.bounds, wanted.reviewed),
            (Some(bounds), Some(false))
        );
        assert_eq!(read(""), Ok(Wanted::default()));
        assert!(
            read("bbox=170,-20,-170,-10").is_ok(),
            "across the date line"
        );
    }

    #[test]
    fn all_faults_are_named_together() {
        let faults = read("class=&from=noon&min_confidence=NaN&bbox=1,2,3&reviewed=maybe&site=x")
            .unwrap_err();
        assert_eq!(
            faults,
            [
                "from",
                "class",
                "min_confidence",
                "bbox",
                "reviewed",
                "site"
            ]
        );
        for wrong in [
            "bbox=0,10,1,5",
            "bbox=0,-91,1,5",
            "bbox=a,b,c,d",
            "min_confidence=1.01",
            "min_confidence=x",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
