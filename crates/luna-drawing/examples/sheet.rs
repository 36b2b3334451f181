//! Writes the contact sheet: `cargo run -p luna-drawing --example sheet -- OUT.png [seed [name [dark]]]`.

use luna_drawing::picture::Theme;
use luna_drawing::sheet::{Options, png};
use luna_drawing::stream::Seed;

fn main() {
    let mut args = std::env::args().skip(1);
    let out = args.next().expect("a file to write");
    let mut options = Options::default();
    if let Some(seed) = args.next() {
        options.seed = Seed(seed.parse().expect("a seed is a number"));
    }
    options.name = args.next().filter(|name| !name.is_empty());
    if args.next().as_deref() == Some("dark") {
        options.theme = Theme::Dark;
    }
    let file = png(&options).expect("a name that can be drawn");
    std::fs::write(out, file).expect("writable");
}
