//! The words of the style guide, in English and in French.

use crate::caption::Language;
use crate::picture::Theme;

/// A title and what is said under it.
pub(super) struct Said {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

const fn said(title: &'static str, text: &'static str) -> Said {
    Said { title, text }
}

/// All words of one language. What stands between braces is filled in.
pub(super) struct Texts {
    pub(super) guide: &'static str,
    pub(super) spirit: &'static str,
    pub(super) generator: &'static str,
    pub(super) seed: &'static str,
    pub(super) mark: Said,
    pub(super) grid: &'static str,
    /// Full, small, tiny.
    pub(super) drawings: [Said; 3],
    pub(super) lockups: Said,
    /// Horizontal, stacked.
    pub(super) lockup_names: [&'static str; 2],
    pub(super) space: Said,
    pub(super) space_lockup: &'static str,
    pub(super) space_mark: &'static str,
    pub(super) sizes: Said,
    pub(super) on_screen: &'static str,
    pub(super) in_print: &'static str,
    pub(super) colour: Said,
    /// Light, dark.
    pub(super) palettes: [&'static str; 2],
    /// Primary, accent, text, ground.
    pub(super) inks: [&'static str; 4],
    pub(super) contrast: &'static str,
    pub(super) contrast_note: &'static str,
    pub(super) one_colour: Said,
    pub(super) mono_light: &'static str,
    pub(super) mono_accent: &'static str,
    pub(super) white_brand: &'static str,
    pub(super) white_photo: &'static str,
    pub(super) usage: Said,
    pub(super) does: &'static str,
    pub(super) does_not: &'static str,
    pub(super) do_light: &'static str,
    pub(super) do_dark: &'static str,
    pub(super) do_photo: &'static str,
    pub(super) dont_stretch: &'static str,
    pub(super) dont_turn: &'static str,
    pub(super) dont_recolour: &'static str,
    pub(super) dont_murky: &'static str,
    pub(super) dont_busy: &'static str,
    pub(super) dont_shadow: &'static str,
    pub(super) dont_crowd: &'static str,
    pub(super) dont_rearrange: &'static str,
    pub(super) dont_tiny: &'static str,
    pub(super) crowd: [&'static str; 2],
    pub(super) icons: Said,
    pub(super) tab_light: &'static str,
    pub(super) tab_dark: &'static str,
    pub(super) icon_touch: &'static str,
    pub(super) icon_round: &'static str,
    pub(super) icon_squircle: &'static str,
    pub(super) icon_safe: &'static str,
    pub(super) files: Said,
    /// Drawing, light, dark, one colour, knockout.
    pub(super) columns: [&'static str; 5],
    pub(super) file: &'static str,
    pub(super) purpose: &'static str,
    pub(super) size: &'static str,
    /// Mark, small, tiny, animated, horizontal, stacked.
    pub(super) rows: [&'static str; 6],
    pub(super) purpose_favicon_svg: &'static str,
    pub(super) purpose_favicon_ico: &'static str,
    pub(super) purpose_touch: &'static str,
    pub(super) purpose_icon: &'static str,
    pub(super) purpose_maskable: &'static str,
    pub(super) purpose_manifest: &'static str,
    pub(super) purpose_snippet: &'static str,
    pub(super) kilobyte: &'static str,
    pub(super) decimal: char,
    pub(super) made: &'static str,
}

impl Texts {
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::French => &FRENCH,
        }
    }

    pub(super) const fn palette(&self, theme: Theme) -> &'static str {
        match theme {
            Theme::Light => self.palettes[0],
            Theme::Dark => self.palettes[1],
        }
    }
}

const ENGLISH: Texts = Texts {
    guide: "Brand guide",
    spirit: "Spirit",
    generator: "Generator",
    seed: "Seed",
    mark: said(
        "The mark",
        "One mark, three drawings. Each is made for its range of sizes: swap them, never scale one into another’s place.",
    ),
    grid: "A grid of 64 units with a free margin of 4. The circle is 56 units wide, the square 50: marks of any shape weigh the same beside each other.",
    drawings: [
        said("Full", "48 pixels and more"),
        said("Small", "24 to 47 pixels: heavier, without companions"),
        said("Tiny", "16 to 23 pixels: on the pixel grid"),
    ],
    lockups: said(
        "Lockups",
        "The name is a drawing, not typed text: capitals half as high as the mark, a quarter of the mark away from it. Use the files as they are.",
    ),
    lockup_names: ["Horizontal", "Stacked"],
    space: said(
        "Clear space",
        "Keep a quarter of the mark’s height, x, free on every side: no text, no edge, no other logo. More is better.",
    ),
    space_lockup: "Around a lockup, x is measured from the edge of the file.",
    space_mark: "Around the mark",
    sizes: said(
        "Minimum sizes",
        "Shown at their true size. Below these the mark is no longer itself: leave it out instead.",
    ),
    on_screen: "On screen",
    in_print: "In print",
    colour: said(
        "Colour",
        "Two inks, one for text, and the ground they are tuned for. The dark palette is drawn for its ground, not inverted.",
    ),
    palettes: ["On light grounds", "On dark grounds"],
    inks: ["Primary", "Accent", "Text", "Ground"],
    contrast: "Contrast",
    contrast_note: "Contrast is measured on the palette’s own ground (WCAG 2.2). Text needs 4.5:1 for AA and 7:1 for AAA; graphics need 3:1.",
    one_colour: said(
        "One colour",
        "For stamps, engraving and single-ink print, the mark is black. On photographs and coloured grounds it is white. Never grey, never tinted.",
    ),
    mono_light: "Black on white",
    mono_accent: "Black on a light photograph",
    white_brand: "White on the primary colour",
    white_photo: "White on a dark photograph",
    usage: said(
        "Do and don’t",
        "The files of this kit are right as they are. Most damage comes from one small change too many.",
    ),
    does: "Do",
    does_not: "Don’t",
    do_light: "Use the light palette on white and very light grounds.",
    do_dark: "Use the dark palette on dark grounds.",
    do_photo: "Use the white file on photographs, where they are calm.",
    dont_stretch: "Don’t stretch or squeeze.",
    dont_turn: "Don’t turn or tilt.",
    dont_recolour: "Don’t choose other colours.",
    dont_murky: "Don’t place it where contrast is poor.",
    dont_busy: "Don’t place it on a busy ground.",
    dont_shadow: "Don’t add shadows or outlines.",
    dont_crowd: "Don’t let anything into the clear space.",
    dont_rearrange: "Don’t rearrange a lockup.",
    dont_tiny: "Don’t enlarge the tiny drawing.",
    crowd: ["Now with", "free delivery"],
    icons: said(
        "Favicon and app icon",
        "The browser’s favicon follows its colour scheme by itself. App icons stand on the light ground; the launcher cuts their outline.",
    ),
    tab_light: "Light browser",
    tab_dark: "Dark browser",
    icon_touch: "<b>Touch icon</b><br/>iPhone and iPad",
    icon_round: "<b>Maskable</b><br/>cut to a circle",
    icon_squircle: "<b>Maskable</b><br/>cut to a squircle",
    icon_safe: "<b>Safe zone</b><br/>80% of the side",
    files: said(
        "Files",
        "SVG first: it is sharp at every size. PNG where a program does not take it; lockups are twice the size a page usually shows. PDF for printers.",
    ),
    columns: ["Drawing", "Light", "Dark", "One colour", "Knockout"],
    file: "Favicon set",
    purpose: "Purpose",
    size: "Size",
    rows: [
        "Mark",
        "Mark, small",
        "Mark, tiny",
        "Mark, animated",
        "Horizontal lockup",
        "Stacked lockup",
    ],
    purpose_favicon_svg: "Modern browsers; follows light and dark",
    purpose_favicon_ico: "Older browsers and bookmarks: 16, 32, 48 px",
    purpose_touch: "Home screen of iPhone and iPad: 180 px",
    purpose_icon: "Installed web app",
    purpose_maskable: "Installed web app on Android, any outline",
    purpose_manifest: "Names the icons of the web app",
    purpose_snippet: "Lines for the head of each page",
    kilobyte: "kB",
    decimal: '.',
    made: "Every file of the kit, with its checksum, is listed in",
};

const FRENCH: Texts = Texts {
    guide: "Charte graphique",
    spirit: "Esprit",
    generator: "Générateur",
    seed: "Graine",
    mark: said(
        "Le signe",
        "Un signe, trois dessins. Chacun est fait pour ses tailles\u{a0}: on passe de l’un à l’autre, on n’agrandit ni ne réduit jamais l’un à la place de l’autre.",
    ),
    grid: "Une grille de 64 unités, une marge libre de 4. Le cercle en fait 56, le carré 50\u{a0}: des signes de toute forme pèsent autant l’un à côté de l’autre.",
    drawings: [
        said("Complet", "48 pixels et plus"),
        said(
            "Réduit",
            "De 24 à 47 pixels\u{a0}: plus gras, sans éléments secondaires",
        ),
        said("Minuscule", "De 16 à 23 pixels\u{a0}: calé sur les pixels"),
    ],
    lockups: said(
        "Signe et nom",
        "Le nom est un tracé, non un texte saisi\u{a0}: ses capitales font la moitié du signe, à un quart du signe de celui-ci. Les fichiers s’emploient tels quels.",
    ),
    lockup_names: ["Horizontal", "Vertical"],
    space: said(
        "Zone de protection",
        "Un quart de la hauteur du signe, noté x, reste libre de chaque côté\u{a0}: ni texte, ni bord, ni autre logo. Davantage, c’est mieux.",
    ),
    space_lockup: "Autour du signe et du nom, x se compte depuis le bord du fichier.",
    space_mark: "Autour du signe",
    sizes: said(
        "Tailles minimales",
        "Montrées en vraie grandeur. En dessous, le signe n’est plus lui-même\u{a0}: mieux vaut s’en passer.",
    ),
    on_screen: "À l’écran",
    in_print: "À l’impression",
    colour: said(
        "Couleurs",
        "Deux encres, une pour le texte, et le fond pour lequel elles sont réglées. La palette sombre est dessinée pour son fond\u{a0}: ce n’est pas une inversion.",
    ),
    palettes: ["Sur fond clair", "Sur fond sombre"],
    inks: ["Principale", "Accent", "Texte", "Fond"],
    contrast: "Contraste",
    contrast_note: "Le contraste est mesuré sur le fond de la palette (WCAG 2.2). Un texte demande 4,5:1 pour AA et 7:1 pour AAA\u{a0}; un élément graphique, 3:1.",
    one_colour: said(
        "Une couleur",
        "Pour le tampon, la gravure et l’impression en une encre, le signe est noir. Sur une photographie ou un fond coloré, il est blanc. Jamais gris, jamais teinté.",
    ),
    mono_light: "Noir sur blanc",
    mono_accent: "Noir sur une photographie claire",
    white_brand: "Blanc sur la couleur principale",
    white_photo: "Blanc sur une photographie sombre",
    usage: said(
        "Bons et mauvais usages",
        "Les fichiers de ce kit sont justes tels quels. Le mal vient presque toujours d’une petite retouche de trop.",
    ),
    does: "À faire",
    does_not: "À éviter",
    do_light: "La palette claire sur le blanc et les fonds très clairs.",
    do_dark: "La palette sombre sur les fonds sombres.",
    do_photo: "Le fichier blanc sur une photographie, là où elle est calme.",
    dont_stretch: "Ne pas étirer ni écraser.",
    dont_turn: "Ne pas tourner ni incliner.",
    dont_recolour: "Ne pas changer les couleurs.",
    dont_murky: "Ne pas poser là où le contraste est faible.",
    dont_busy: "Ne pas poser sur un fond chargé.",
    dont_shadow: "Ne pas ajouter d’ombre ni de contour.",
    dont_crowd: "Ne rien laisser entrer dans la zone de protection.",
    dont_rearrange: "Ne pas recomposer le signe et le nom.",
    dont_tiny: "Ne pas agrandir le dessin minuscule.",
    crowd: ["Désormais", "livraison offerte"],
    icons: said(
        "Favicon et icône",
        "La favicon suit d’elle-même le thème du navigateur. Les icônes d’application sont posées sur le fond clair\u{a0}; le système en découpe le contour.",
    ),
    tab_light: "Navigateur clair",
    tab_dark: "Navigateur sombre",
    icon_touch: "<b>Écran d’accueil</b><br/>iPhone et iPad",
    icon_round: "<b>Adaptable</b><br/>découpée en cercle",
    icon_squircle: "<b>Adaptable</b><br/>carré arrondi",
    icon_safe: "<b>Zone sûre</b><br/>80\u{a0}% du côté",
    files: said(
        "Fichiers",
        "Le SVG d’abord\u{a0}: il est net à toute taille. Le PNG si un logiciel ne le prend pas\u{a0}; signe et nom y ont deux fois la taille habituelle d’une page. Le PDF pour l’imprimeur.",
    ),
    columns: [
        "Dessin",
        "Clair",
        "Sombre",
        "Une couleur",
        "Réserve blanche",
    ],
    file: "Favicon et icônes",
    purpose: "Usage",
    size: "Taille",
    rows: [
        "Signe",
        "Signe réduit",
        "Signe minuscule",
        "Signe animé",
        "Signe et nom, horizontal",
        "Signe et nom, vertical",
    ],
    purpose_favicon_svg: "Navigateurs actuels\u{a0}; suit le thème clair ou sombre",
    purpose_favicon_ico: "Anciens navigateurs et favoris\u{a0}: 16, 32, 48 px",
    purpose_touch: "Écran d’accueil d’iPhone et d’iPad\u{a0}: 180 px",
    purpose_icon: "Application web installée",
    purpose_maskable: "Application web installée sur Android, tout contour",
    purpose_manifest: "Nomme les icônes de l’application web",
    purpose_snippet: "Lignes pour l’en-tête de chaque page",
    kilobyte: "ko",
    decimal: ',',
    made: "Tous les fichiers du kit et leur empreinte sont énumérés dans",
};
