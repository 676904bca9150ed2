//! Lists the rule files and price books, so that adding one adds a file and edits none.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let rules = listing(
        &root,
        "catalog",
        ".md",
        "RULES",
        "Rule files of the catalogue: file name and text.",
    )?;
    let books = listing(
        &root,
        "prices",
        ".toml",
        "PRICE_BOOKS",
        "Price books: file name and text.",
    )?;
    fs::write(Path::new(&out).join("embedded.rs"), rules + &books)
}

/// Writes one constant that includes every file of `folder` with the given ending, in the order of their names.
fn listing(root: &str, folder: &str, ending: &str, constant: &str, doc: &str) -> io::Result<String> {
    println!("cargo::rerun-if-changed={folder}");
    let mut names = Vec::new();
    for entry in fs::read_dir(Path::new(root).join(folder))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(ending) && name != "README.md" {
            names.push(name);
        }
    }
    names.sort();
    let path = |name: &String| format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{folder}/{name}\")");
    let rows: Vec<String> = names
        .iter()
        .map(|name| format!("    ({name:?}, include_str!({})),", path(name)))
        .collect();
    let rows = rows.join("\n");
    Ok(format!(
        "/// {doc}\npub(crate) const {constant}: &[(&str, &str)] = &[\n{rows}\n];\n"
    ))
}
