//! Lists the files of the console (`web/dist`, made by `npm run build` there) so that the binary carries them. Without them it is
//! built all the same, and shows plain pages.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let own = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let web = Path::new(&own).join("../../web");
    let dist = web.join("dist");
    // A folder that is not there is one that changed each time: then that in which it will be is watched.
    let watched = if dist.is_dir() { &dist } else { &web };
    println!("cargo::rerun-if-changed={}", watched.display());
    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let inside = file.strip_prefix(&dist).expect("it was found below");
        let name = inside.to_str().expect("the build gives plain names");
        let name = name.replace('\\', "/");
        let whole = fs::canonicalize(file).expect("it was found a moment ago");
        let whole = whole.to_str().expect("a path that a source can name");
        writeln!(
            list,
            "    Asset {{ path: {name:?}, bytes: include_bytes!({whole:?}) }},"
        )
        .expect("writing to a text cannot fail");
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("console.rs"), list).expect("cargo made the folder");
}

/// All files below a folder, but for those that are of no use to a browser.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() && !name.starts_with('.') {
            collect(&path, files);
        } else if path.is_file() && !name.starts_with('.') && !name.ends_with(".map") {
            files.push(path);
        }
    }
}
