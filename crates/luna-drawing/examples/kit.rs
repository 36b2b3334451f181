//! Writes a kit into a folder to look at:
//! `cargo run -p luna-drawing --example kit -- FOLDER generator variant en [name [primary [accent]]]`.

use std::path::Path;

use luna_drawing::kit::{KitRequest, files};
use luna_drawing::request::{Draft, Request};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |at: usize| args.get(at).map(String::as_str);
    let draft = Draft {
        generator: arg(1).expect("a generator"),
        variant: arg(2).expect("a variant"),
        language: arg(3),
        name: arg(4).filter(|name| !name.is_empty()),
        primary: arg(5),
        accent: arg(6),
        ..Draft::default()
    };
    let request = Request::parse(&draft).expect("a good request");
    let request = KitRequest::new(request).expect("a name that the font has");
    let folder = Path::new(arg(0).expect("a folder"));
    for file in files(&request) {
        let path = folder.join(&file.path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(path, file.bytes).expect("writable");
    }
}
