//! Style sheets, script and mark: embedded, served under names that change with their content.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// One embedded file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its path on the server, with the hash of its content.
    pub(crate) path: String,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// Its content.
    pub(crate) content: &'static [u8],
}

/// Every embedded file.
#[derive(Debug)]
pub(crate) struct Assets {
    pub(crate) tokens: Asset,
    pub(crate) style: Asset,
    pub(crate) script: Asset,
    pub(crate) mark: Asset,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    tokens: Asset::new(
        "tokens",
        "css",
        "text/css; charset=utf-8",
        include_bytes!("../assets/tokens.css"),
    ),
    style: Asset::new(
        "style",
        "css",
        "text/css; charset=utf-8",
        include_bytes!("../assets/style.css"),
    ),
    script: Asset::new(
        "pennyspan",
        "js",
        "text/javascript; charset=utf-8",
        include_bytes!("../assets/pennyspan.js"),
    ),
    mark: Asset::new("mark", "svg", "image/svg+xml", include_bytes!("../assets/mark.svg")),
});

impl Assets {
    pub(crate) fn get() -> &'static Self {
        &ASSETS
    }

    /// Finds the file that is served under `path`.
    pub(crate) fn find(&self, path: &str) -> Option<&Asset> {
        [&self.tokens, &self.style, &self.script, &self.mark]
            .into_iter()
            .find(|asset| asset.path == path)
    }
}

impl Asset {
    fn new(name: &str, extension: &str, media_type: &'static str, content: &'static [u8]) -> Self {
        let hash = hex::encode(Sha256::digest(content));
        Self {
            path: format!("/assets/{name}.{}.{extension}", &hash[..12]),
            media_type,
            content,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_under_its_hashed_name_only() {
        let assets = Assets::get();
        assert!(assets.find(&assets.style.path).is_some());
        assert!(assets.find("/assets/style.css").is_none());
    }

    #[test]
    fn style_sheets_ask_nobody_else() {
        for asset in [&Assets::get().tokens, &Assets::get().style] {
            let text = std::str::from_utf8(asset.content).unwrap();
            assert!(!text.contains("http") && !text.contains("@import"), "{}", asset.path);
        }
    }
}
