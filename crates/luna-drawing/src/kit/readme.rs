//! The kit's plain texts: what each file is for, and the lines for a page's head.

use super::KitRequest;
use super::plan::{FAVICON_ICO, FAVICON_SVG, GUIDE, MANIFEST, METADATA, TOUCH_ICON};
use crate::caption::Language;
use crate::picture::Caption;

/// `README.txt`.
pub(super) fn readme(request: &KitRequest) -> Vec<u8> {
    let of = request.request();
    let language = request.language();
    let Caption {
        title, description, ..
    } = Caption::of(of.family(), of.emotion(), of.name(), language);
    let named = of.name().is_some();
    let mut text = format!("{title}\n{}\n\n", "=".repeat(title.chars().count()));
    text.push_str(&wrapped(&description));
    text.push_str("\n\n");
    text.push_str(&match language {
        Language::English => english(named),
        Language::French => french(named),
    });
    text.into_bytes()
}

/// Lines of at most 78 characters.
fn wrapped(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + 4);
    let mut column = 0;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > 78 {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += width;
    }
    lines
}

fn english(named: bool) -> String {
    let lockups = if named {
        "\
lockup-horizontal, lockup-stacked
            The mark with the name beside or below it. Use it where the name
            does not already stand next to it.
"
    } else {
        ""
    };
    format!(
        "\
START HERE  {GUIDE} shows the rules on one page. Open it in a
            browser; it prints on A4.

FOLDERS
svg/        For screens and for design tools. Sharp at every size. First choice.
png/        For programs that do not take SVG. Transparent ground.
pdf/        For printers. Vectors; the one-colour files use black ink alone.
favicon/    For a website. Copy the files to its root and the lines of
            snippet.html into the head of its pages.

DRAWINGS
mark        From 48 pixels upwards.
mark-small  From 24 to 47 pixels: heavier, without companions.
mark-tiny   From 16 to 23 pixels: what is left of it in a browser tab.
mark-animated
            Moves once when it appears; stands still for those who ask for it.
{lockups}
COLOURS
light       For white and light grounds.
dark        For dark grounds.
mono        Black alone: stamps, engraving, one-colour print.
knockout    White alone: photographs and coloured grounds.

{METADATA}    The colours, the request that gives these bytes again, and the
            BLAKE3 of each file, for programs.

LICENCE
Names are drawn as outlines of the typeface Geologica (© 2020 The Geologisk
Project Authors, SIL Open Font License 1.1): nobody has to install a font, and
its licence asks nothing of you for them. The headings of {GUIDE} use
the typeface itself, embedded.
"
    )
}

fn french(named: bool) -> String {
    let lockups = if named {
        "\
lockup-horizontal, lockup-stacked
            Le symbole avec le nom à sa droite ou au-dessous. À employer
            partout où le nom ne figure pas déjà à côté.
"
    } else {
        ""
    };
    format!(
        "\
À LIRE      {GUIDE} montre les règles sur une page. Elle s’ouvre dans
            un navigateur et s’imprime en A4.

DOSSIERS
svg/        Pour l’écran et les logiciels de création. Net à toute taille. À
            préférer.
png/        Pour les logiciels qui n’acceptent pas le SVG. Fond transparent.
pdf/        Pour l’imprimeur. Vectoriel ; les fichiers en une couleur
            n’emploient que l’encre noire.
favicon/    Pour un site. Copiez les fichiers à sa racine et les lignes de
            snippet.html dans l’en-tête de ses pages.

DESSINS
mark        À partir de 48 pixels.
mark-small  De 24 à 47 pixels : plus gras, sans les éléments secondaires.
mark-tiny   De 16 à 23 pixels : ce qu’il en reste dans un onglet.
mark-animated
            S’anime une fois à l’apparition ; reste fixe pour qui le demande.
{lockups}
COULEURS
light       Pour les fonds blancs et clairs.
dark        Pour les fonds sombres.
mono        Noir seul : tampon, gravure, impression en une couleur.
knockout    Blanc seul : photographies et fonds colorés.

{METADATA}    Les couleurs, la demande qui redonne ces mêmes fichiers et le
            BLAKE3 de chacun, pour les programmes.

LICENCE
Les noms sont tracés d’après le caractère Geologica (© 2020 The Geologisk
Project Authors, licence SIL Open Font 1.1) : personne n’a de police à
installer, et sa licence ne vous demande rien pour eux. Les titres de
{GUIDE} emploient le caractère lui-même, incorporé.
"
    )
}

/// `snippet.html`: for the head of a page whose root holds the files.
pub(super) fn snippet(language: Language) -> Vec<u8> {
    let note = match language {
        Language::English => {
            "Copy the files of favicon/ to the root of the website, and these lines into <head>."
        }
        Language::French => {
            "Copiez les fichiers de favicon/ à la racine du site, et ces lignes dans <head>."
        }
    };
    let root = |path: &str| path.replace("favicon/", "/");
    format!(
        "\
<!-- {note} -->
<link rel=\"icon\" href=\"{}\" sizes=\"32x32\">
<link rel=\"icon\" href=\"{}\" type=\"image/svg+xml\">
<link rel=\"apple-touch-icon\" href=\"{}\">
<link rel=\"manifest\" href=\"{}\">
",
        root(FAVICON_ICO),
        root(FAVICON_SVG),
        root(TOUCH_ICON),
        root(MANIFEST),
    )
    .into_bytes()
}
