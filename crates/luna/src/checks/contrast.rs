//! Marks can be seen.

use chassis::check::{About, Area, Check, Finding, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::marks::{Palette, Rgb, Vocabulary, inks, path, picture};

/// `models.luna_contrast`.
pub(crate) struct Contrast;

/// WCAG 2.2, 1.4.3 and 1.4.11: what must be read, and what must be seen.
const PRIMARY: f64 = 4.5;
const ACCENT: f64 = 3.0;

/// Colours that people ask for, most of them too light, too dark or too alike.
const COLOURS: [&str; 8] = [
    "ffff00", "ffffff", "000000", "808080", "ff0000", "00ff00", "0b0f1a", "2258e5",
];

impl Check for Contrast {
    fn about(&self) -> About {
        About {
            id: "models.luna_contrast",
            area: Area::Models,
            service: Some("luna"),
            title: Words::new(
                "Every mark holds its contrast on light and on dark, also in colours of the caller’s own",
                "Chaque marque tient son contraste sur clair et sur foncé, même dans les couleurs du demandeur",
            ),
            what: Words::new(
                "Reads fills and strokes out of the SVG of each family, emotion and theme and works their contrast to the stated background out by WCAG; does the same for eight colours asked for in the query, of which most have to be repaired.",
                "Lit remplissages et contours dans le SVG de chaque famille, émotion et thème, et calcule selon WCAG leur contraste avec le fond annoncé ; fait de même pour huit couleurs demandées, dont la plupart doivent être réparées.",
            ),
            passes: Words::new(
                "primary at least 4.5:1, accent at least 3:1",
                "couleur principale au moins 4,5:1, accent au moins 3:1",
            ),
            by_hand: Words::new(
                "curl -s http://localhost:8080/api/v1/luna/variants; curl -s 'http://localhost:8080/api/v1/luna/mark/orbit/power.svg?seed=1&primary=ffff00' | grep -oE '#[0-9a-f]{3,6}'",
                "curl -s http://localhost:8080/api/v1/luna/variants; curl -s 'http://localhost:8080/api/v1/luna/mark/orbit/power.svg?seed=1&primary=ffff00' | grep -oE '#[0-9a-f]{3,6}'",
            ),
            when_it_fails: Words::new(
                "A palette was changed without its contrast, or a proxy recolours pictures. The evidence names the mark and the colour: compare it with `/api/v1/luna/variants`.",
                "Une palette a été modifiée sans son contraste, ou un mandataire recolore les images. La preuve nomme la marque et la couleur : comparez avec `/api/v1/luna/variants`.",
            ),
            weight: 3,
            is_required: false,
            disturbs: false,
            needs: &[],
            fresh_days: 90,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

/// What was found so far.
struct Seen {
    marks: usize,
    primary: f64,
    accent: f64,
    faults: Vec<String>,
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let vocabulary = Vocabulary::of(subject).await?;
    let mut seen = Seen {
        marks: 0,
        primary: f64::MAX,
        accent: f64::MAX,
        faults: Vec::new(),
    };
    // Repair looks at colours alone, not at families: some are enough in a quick run.
    let some = subject.by_pace(3, vocabulary.families.len());
    let few: Vec<_> = vocabulary.families.iter().take(some).collect();
    for (family, emotion) in vocabulary.pairs() {
        for (theme, palette) in [("light", emotion.light), ("dark", emotion.dark)] {
            let query = format!("seed=7&theme={theme}");
            let own = path(family, &emotion.key, "svg", &query);
            let svg = picture(subject, &own).await?.text();
            let roles = match inks(&svg) {
                Ok(inks) => seen.own_colours(&own, &inks, palette),
                Err(fault) => {
                    seen.faults.push(format!("{own}: {fault}"));
                    continue;
                }
            };
            let is_first = emotion.key == vocabulary.emotions[0].key;
            if !is_first || few.iter().all(|own| *own != family) {
                continue;
            }
            for colour in COLOURS {
                let asked = path(
                    family,
                    &emotion.key,
                    "svg",
                    &format!("{query}&primary={colour}"),
                );
                let svg = picture(subject, &asked).await?.text();
                match inks(&svg) {
                    Ok(inks) => seen.callers_colours(&asked, &inks, &roles, palette.ground),
                    Err(fault) => seen.faults.push(format!("{asked}: {fault}")),
                }
            }
        }
    }
    let Seen {
        marks,
        primary,
        accent,
        faults,
    } = seen;
    let counted = Said::new(
        format!("{marks} marks; least primary {primary:.2}:1, least accent {accent:.2}:1"),
        format!(
            "{marks} marques ; plus faible couleur principale {primary:.2}:1, plus faible accent {accent:.2}:1"
        ),
    );
    let required = Said::new(
        "primary at least 4.5:1, accent at least 3:1",
        "couleur principale au moins 4,5:1, accent au moins 3:1",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

/// Which part an ink plays.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Primary,
    Accent,
}

impl Seen {
    /// Judges a mark in stated colours; the role of each of its inks.
    fn own_colours(&mut self, path: &str, inks: &[Rgb], palette: Palette) -> Vec<Role> {
        self.marks += 1;
        let mut roles = Vec::new();
        for ink in inks {
            let role = if *ink == palette.accent && palette.accent != palette.primary {
                Role::Accent
            } else {
                Role::Primary
            };
            if *ink != palette.primary && *ink != palette.accent {
                self.faults
                    .push(format!("{path}: {ink} is not in the stated palette"));
            }
            self.judge(path, *ink, role, palette.ground);
            roles.push(role);
        }
        roles
    }

    /// Judges the same mark in other colours: shape by shape, the roles are those of the first.
    fn callers_colours(&mut self, path: &str, inks: &[Rgb], roles: &[Role], ground: Rgb) {
        self.marks += 1;
        if inks.len() != roles.len() {
            let (n, other) = (roles.len(), inks.len());
            self.faults.push(format!(
                "{path}: {other} inks in place of {n}: the colour changes the drawing"
            ));
        }
        for (ink, role) in inks.iter().zip(roles) {
            self.judge(path, *ink, *role, ground);
        }
    }

    fn judge(&mut self, path: &str, ink: Rgb, role: Role, ground: Rgb) {
        let contrast = ink.contrast(ground);
        let (least, required, name) = match role {
            Role::Primary => (&mut self.primary, PRIMARY, "primary"),
            Role::Accent => (&mut self.accent, ACCENT, "accent"),
        };
        *least = least.min(contrast);
        if contrast < required {
            self.faults.push(format!(
                "{path}: {name} {ink} on {ground} has {contrast:.2}:1, not {required}:1"
            ));
        }
    }
}
