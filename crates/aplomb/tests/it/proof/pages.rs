//! The documentation's pages of all checks are what the program says of them.

use std::path::Path;

use chassis::i18n::Language;
use readiness::report::catalogue::markdown;

#[test]
fn the_pages_of_the_checks_are_those_of_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/proof");
    for (name, language) in [
        ("checks.md", Language::English),
        ("checks.fr.md", Language::French),
    ] {
        let page = markdown(&super::checks(), language);
        let file = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&file, &page).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == page,
            "docs/proof/{name} is not what the program says: UPDATE=1 cargo test -p aplomb --test it proof::pages"
        );
    }
}
