//! Pages for what cannot be shown: said in words, with a way on.

use askama::Template;

use super::Page;
use crate::chrome::Chrome;

/// A page that says what went wrong.
#[derive(Debug, Template)]
#[template(path = "pages/error.html")]
pub struct ErrorPage {
    chrome: Chrome,
    sentence: String,
    text: String,
}

impl ErrorPage {
    /// Fills the page.
    #[must_use]
    pub fn new(chrome: Chrome, sentence: &str, text: &str) -> Self {
        Self {
            chrome: chrome.titled(sentence),
            sentence: sentence.to_owned(),
            text: text.to_owned(),
        }
    }
}

impl Page for ErrorPage {}
