//! Rule files' Markdown as markup: no HTML of its own, no links that run code.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// Renders `text`. HTML in it is shown as text; headings become bold lines, so that the page keeps its own outline.
pub(crate) fn render(text: &str) -> String {
    let text = crate::text::visible(text);
    let parser = Parser::new_ext(&text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let mut markup = String::new();
    html::push_html(&mut markup, parser.map(tame));
    markup
}

fn tame(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Heading { .. }) => Event::InlineHtml(CowStr::Borrowed("<p><b>")),
        Event::End(TagEnd::Heading(_)) => Event::InlineHtml(CowStr::Borrowed("</b></p>\n")),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: safe(dest_url),
            title,
            id,
        }),
        // A picture would be a request to somebody else.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => Event::Text(CowStr::Borrowed("")),
        Event::Start(Tag::CodeBlock(_)) => Event::InlineHtml(CowStr::Borrowed("<pre class=\"cmd\"><code>")),
        Event::End(TagEnd::CodeBlock) => Event::InlineHtml(CowStr::Borrowed("</code></pre>\n")),
        Event::Start(Tag::Table(_)) => Event::InlineHtml(CowStr::Borrowed(
            "<div class=\"scroll\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table class=\"t\"><tbody>",
        )),
        Event::Start(Tag::TableHead | Tag::TableRow) => Event::InlineHtml(CowStr::Borrowed("<tr>")),
        Event::End(TagEnd::TableHead | TagEnd::TableRow) => Event::InlineHtml(CowStr::Borrowed("</tr>")),
        Event::Start(Tag::TableCell) => Event::InlineHtml(CowStr::Borrowed("<td>")),
        Event::End(TagEnd::TableCell) => Event::InlineHtml(CowStr::Borrowed("</td>")),
        Event::End(TagEnd::Table) => Event::InlineHtml(CowStr::Borrowed("</tbody></table></div>\n")),
        other => other,
    }
}

/// Keeps addresses of the web and of this page; everything else leads nowhere.
fn safe(address: CowStr<'_>) -> CowStr<'_> {
    let lower = address.trim().to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    let here =
        (lower.starts_with('/') && !lower.starts_with("//") && !lower.starts_with("/\\")) || lower.starts_with('#');
    if web || here {
        address
    } else {
        CowStr::Borrowed("#main")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_shown_as_text() {
        assert_eq!(
            render("a <b onclick=x>b</b>"),
            "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n"
        );
        let block = render("<script>alert(1)</script>\n\nx");
        assert!(!block.contains("<script"), "{block}");
    }

    #[test]
    fn links_that_run_code_lead_nowhere() {
        for address in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "&#106;avascript:x",
        ] {
            let markup = render(&format!("[x]({address})"));
            assert!(
                !markup.contains("href=") || markup.contains("href=\"#main\""),
                "{markup}"
            );
        }
        assert!(render("[x](https://example.com/a)").contains("href=\"https://example.com/a\""));
        assert!(render("[x](/rules/oom)").contains("href=\"/rules/oom\""));
    }

    #[test]
    fn code_keeps_its_lines_and_its_text() {
        assert_eq!(
            render("```sh\naws lambda < a\n```"),
            "<pre class=\"cmd\"><code>aws lambda &lt; a\n</code></pre>\n"
        );
    }

    #[test]
    fn pictures_are_not_fetched() {
        assert!(!render("![x](https://example.com/p.png)").contains("<img"));
    }
}
