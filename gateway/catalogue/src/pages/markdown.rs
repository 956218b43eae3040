//! Markdown of an agency's texts as harmless HTML: paragraphs, lists, code, emphasis, http(s) links.

use super::safe_link;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use std::cell::Cell;

/// Longest text that is rendered, in bytes.
const MAX_TEXT: usize = 20_000;
/// Most text on one page, in bytes: a shared description may be referred to by every operation.
const MAX_PAGE: usize = 2_000_000;

/// Renders texts until the page is full.
pub(super) struct Markdown {
    left: Cell<usize>,
}

impl Markdown {
    pub(super) fn new() -> Self {
        Self {
            left: Cell::new(MAX_PAGE),
        }
    }

    /// `text` as HTML; cut where it or the page is too long.
    pub(super) fn html(&self, text: &str) -> String {
        let text = self.cut(text, MAX_TEXT);
        let mut html = String::with_capacity(text.len() + 32);
        let mut writer = Writer {
            html: &mut html,
            open_links: Vec::new(),
            image: 0,
        };
        Parser::new(text).for_each(|event| writer.event(event));
        html
    }

    /// `text`, at most `longest` bytes and what the page has left.
    pub(super) fn cut<'t>(&self, text: &'t str, longest: usize) -> &'t str {
        let mut end = text.len().min(longest).min(self.left.get());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.left.set(self.left.get() - end);
        text.get(..end).unwrap_or_default()
    }
}

struct Writer<'h> {
    html: &'h mut String,
    /// For each open link, whether it was written.
    open_links: Vec<bool>,
    /// Inside how many images: only their words are kept.
    image: usize,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => escape(&text, self.html),
            Event::Code(text) => {
                self.html.push_str("<code>");
                escape(&text, self.html);
                self.html.push_str("</code>");
            }
            Event::SoftBreak => self.html.push('\n'),
            Event::HardBreak => self.html.push_str("<br>"),
            Event::Rule => self.html.push_str("<hr>"),
            // Raw HTML is dropped; what stands between the tags is text of its own.
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            // A heading of the agency's must not break into the page's own outline.
            Tag::Heading { .. } => self.html.push_str("<p><strong>"),
            Tag::Link { dest_url, .. } => {
                let link = safe_link(dest_url);
                self.open_links.push(link.is_some());
                if let Some(link) = link {
                    self.html.push_str("<a rel=\"noopener noreferrer nofollow\" href=\"");
                    escape(&link, self.html);
                    self.html.push_str("\">");
                }
            }
            Tag::Image { .. } => self.image += 1,
            tag => self.html.push_str(element(&tag.to_end()).0),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.html.push_str("</strong></p>"),
            TagEnd::Link => {
                if self.open_links.pop() == Some(true) {
                    self.html.push_str("</a>");
                }
            }
            TagEnd::Image => self.image = self.image.saturating_sub(1),
            tag => self.html.push_str(element(&tag).1),
        }
    }
}

/// The tags around what is kept of the structure.
fn element(tag: &TagEnd) -> (&'static str, &'static str) {
    match tag {
        TagEnd::Paragraph => ("<p>", "</p>"),
        TagEnd::List(true) => ("<ol>", "</ol>"),
        TagEnd::List(false) => ("<ul>", "</ul>"),
        TagEnd::Item => ("<li>", "</li>"),
        TagEnd::CodeBlock => ("<pre tabindex=\"0\"><code>", "</code></pre>"),
        TagEnd::BlockQuote(_) => ("<blockquote>", "</blockquote>"),
        TagEnd::Emphasis => ("<em>", "</em>"),
        TagEnd::Strong => ("<strong>", "</strong>"),
        _ => ("", ""),
    }
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_safe_subset_is_kept() {
        let html =
            Markdown::new().html("# H\n\nA *b* **c** `d<e` [f](https://x.se/?a=1&b=2)\n\n- one\n- two\n\n1. a\n");
        assert_eq!(
            html,
            "<p><strong>H</strong></p><p>A <em>b</em> <strong>c</strong> <code>d&lt;e</code> \
             <a rel=\"noopener noreferrer nofollow\" href=\"https://x.se/?a=1&amp;b=2\">f</a></p>\
             <ul><li>one</li><li>two</li></ul><ol><li>a</li></ol>"
        );
    }

    #[test]
    fn scripts_and_other_links_are_inert() {
        let hostile = [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "<javascript:alert(1)>",
            "![x](https://tracker.example/pixel.png)",
            "[x](https://x.se/\"onmouseover=\"alert(1))",
        ];
        for text in hostile {
            let html = Markdown::new().html(text).to_lowercase();
            for bad in ["<script", "<img", "href=\"javascript", "href=\"data", "\"onmouseover"] {
                assert!(!html.contains(bad), "{text} became {html}");
            }
        }
    }

    #[test]
    fn a_page_has_an_end() {
        let markdown = Markdown::new();
        let long = "å".repeat(MAX_TEXT);
        let total: usize = (0..300).map(|_| markdown.html(&long).len()).sum();
        assert!(total < MAX_PAGE + 300 * 16);
    }
}
