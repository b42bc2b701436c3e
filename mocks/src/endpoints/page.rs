//! Pages for people: a title, a text, a form. Plain HTML without scripts, so that any client can fill them in.
//! What they ask for is their callers' affair.

use super::call::Reply;

/// A page with this in its body, which is HTML already.
pub(crate) fn page(status: u16, title: &str, body: &str) -> Reply {
    let title = escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1>\n{body}\n</body></html>\n"
    );
    Reply::empty(status)
        .text(html)
        .header("content-type", "text/html;charset=UTF-8")
        // Nobody may lay the form under another page (RFC 6749, section 10.13).
        .header("x-frame-options", "DENY")
        .header("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
        .uncached()
}

/// A page with a text.
pub(crate) fn message(status: u16, title: &str, text: &str) -> Reply {
    page(status, title, &format!("<p>{}</p>", escaped(text)))
}

/// One thing in a form.
pub(crate) enum Field<'a> {
    /// Sent along unseen.
    Hidden(&'a str, &'a str),
    /// To be filled in.
    Text(&'a str),
    /// To be filled in unseen.
    Password(&'a str),
    /// Sends the form with this name and value.
    Button(&'a str, &'a str),
}

/// A form that is posted there.
pub(crate) fn form(action: &str, fields: &[Field<'_>]) -> String {
    let fields: String = fields
        .iter()
        .map(|field| match field {
            Field::Hidden(name, value) => {
                format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escaped(name), escaped(value))
            }
            Field::Text(name) => format!("<label>{0} <input name=\"{0}\" required></label>\n", escaped(name)),
            Field::Password(name) => {
                format!("<label>{0} <input type=\"password\" name=\"{0}\" required></label>\n", escaped(name))
            }
            Field::Button(name, value) => {
                format!(
                    "<button name=\"{}\" value=\"{1}\" formnovalidate>{1}</button>\n",
                    escaped(name),
                    escaped(value)
                )
            }
        })
        .collect();
    format!("<form method=\"post\" action=\"{}\">\n{fields}</form>", escaped(action))
}

/// Text as it may stand anywhere in HTML, attributes included.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_sent_can_break_out_of_a_page() {
        let html = form("/login", &[Field::Hidden("session", "\"><script>alert('x')</script>&")]);
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;\""), "{html}");
    }
}
