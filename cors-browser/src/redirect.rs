//! Redirects: what the next hop is sent, and when the page's origin becomes `null`.

use std::fmt;

use crate::address::Address;
use crate::method::normalized_method;

/// How many redirects a browser follows.
pub const MAX_REDIRECTS: usize = 20;

/// The way of one request from the page over every hop.
///
/// ```
/// use oss_cors_browser::{Address, Redirects};
///
/// let page = "https://a.example";
/// let url = |text| Address::parse(text).unwrap();
/// let mut hops = Redirects::new(page, "GET", url("https://b.example/"));
/// assert_eq!(hops.origin(), page);
/// hops.follow(302, url("https://c.example/"))?;
/// // The page is a stranger to the host that sent it on.
/// assert_eq!(hops.origin(), "null");
/// # Ok::<(), oss_cors_browser::RedirectError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirects {
    page: String,
    method: String,
    current: Address,
    followed: usize,
    tainted: bool,
    cross_origin: bool,
    keeps_authorization: bool,
    keeps_body: bool,
}

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectError {
    /// The status is none of 301, 302, 303, 307 and 308.
    NotARedirect,
    /// More than [`MAX_REDIRECTS`].
    TooMany,
    /// The address holds a user or a password, and the request is or becomes cross-origin.
    Credentials,
}

impl Redirects {
    /// A page of the origin `page` sends `method` to `url`.
    pub fn new(page: &str, method: &str, url: Address) -> Self {
        Self {
            page: page.to_owned(),
            method: normalized_method(method).to_owned(),
            cross_origin: url.origin() != page,
            current: url,
            followed: 0,
            tainted: false,
            keeps_authorization: true,
            keeps_body: true,
        }
    }

    /// `Origin` of the current hop: `null` once a host that is a stranger to the page sent the request on to another.
    pub fn origin(&self) -> &str {
        if self.tainted { "null" } else { &self.page }
    }

    /// The method of the current hop.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Whether the answer of the current hop must pass the CORS check. Once it must, it must on every further hop, at
    /// the page's own origin too.
    pub fn is_cross_origin(&self) -> bool {
        self.cross_origin
    }

    /// Whether the page's `Authorization` is still sent: until the first change of origin.
    pub fn keeps_authorization(&self) -> bool {
        self.keeps_authorization
    }

    /// Whether the body and the headers that describe it are still sent: until the method becomes GET.
    pub fn keeps_body(&self) -> bool {
        self.keeps_body
    }

    /// Goes on to `location`, made absolute.
    ///
    /// # Errors
    ///
    /// The browser fails the request.
    pub fn follow(&mut self, status: u16, location: Address) -> Result<(), RedirectError> {
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Err(RedirectError::NotARedirect);
        }
        if self.followed == MAX_REDIRECTS {
            return Err(RedirectError::TooMany);
        }
        if location.has_credentials() && (self.cross_origin || location.origin() != self.page) {
            return Err(RedirectError::Credentials);
        }
        self.followed += 1;
        let becomes_get = match status {
            301 | 302 => self.method == "POST",
            303 => !matches!(self.method.as_str(), "GET" | "HEAD"),
            _ => false,
        };
        if becomes_get {
            self.method = "GET".to_owned();
            self.keeps_body = false;
        }
        if location.origin() != self.current.origin() {
            self.keeps_authorization = false;
            self.tainted |= self.page != self.current.origin();
        }
        self.cross_origin |= location.origin() != self.page;
        self.current = location;
        Ok(())
    }
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARedirect => f.write_str("the status is no redirect"),
            Self::TooMany => write!(f, "more than {MAX_REDIRECTS} redirects; a browser gives up"),
            Self::Credentials => f.write_str(
                "the redirect's address holds a user or a password, which no cross-origin request may follow",
            ),
        }
    }
}

impl std::error::Error for RedirectError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn origin_after(page: &str, hops: &[&str]) -> String {
        let (first, others) = hops.split_first().unwrap();
        let mut way = Redirects::new(page, "GET", url(first));
        others.iter().for_each(|hop| way.follow(302, url(hop)).unwrap());
        way.origin().to_owned()
    }

    #[test]
    fn the_origin_becomes_null_when_a_stranger_sends_it_on_to_another_host() {
        const A: &str = "https://a.example";
        const B: &str = "https://b.example";
        const C: &str = "https://c.example";
        assert_eq!(origin_after(A, &[B]), A);
        assert_eq!(origin_after(A, &[B, B]), A);
        assert_eq!(origin_after(A, &[A, B]), A);
        assert_eq!(origin_after(A, &[A, B, B]), A);
        assert_eq!(origin_after(A, &[B, C]), "null");
        assert_eq!(origin_after(A, &[B, A]), "null");
        assert_eq!(origin_after(A, &[A, B, C]), "null");
        assert_eq!(origin_after(A, &[B, C, C]), "null");
        // Another scheme and another port are other origins.
        assert_eq!(origin_after(A, &["http://b.example", B]), "null");
        assert_eq!(origin_after("null", &[B]), "null");
    }

    #[test]
    fn an_answer_at_home_is_checked_too_once_the_request_was_abroad() {
        let mut way = Redirects::new("https://a.example", "GET", url("https://a.example/1"));
        assert!(!way.is_cross_origin());
        way.follow(302, url("https://b.example/")).unwrap();
        assert!(way.is_cross_origin());
        way.follow(302, url("https://a.example/2")).unwrap();
        assert!(way.is_cross_origin());
    }

    #[test]
    fn post_becomes_get_where_browsers_make_it_so() {
        let method = |method, status| {
            let mut way = Redirects::new("https://a.example", method, url("https://b.example"));
            way.follow(status, url("https://b.example/2")).unwrap();
            (way.method().to_owned(), way.keeps_body())
        };
        for status in [301, 302, 303] {
            assert_eq!(method("post", status), ("GET".to_owned(), false), "{status}");
        }
        assert_eq!(method("PUT", 303), ("GET".to_owned(), false));
        assert_eq!(method("HEAD", 303), ("HEAD".to_owned(), true));
        assert_eq!(method("PUT", 302), ("PUT".to_owned(), true));
        assert_eq!(method("POST", 307), ("POST".to_owned(), true));
        assert_eq!(method("POST", 308), ("POST".to_owned(), true));
    }

    #[test]
    fn authorization_is_dropped_at_the_first_change_of_origin() {
        let mut way = Redirects::new("https://a.example", "GET", url("https://b.example/"));
        way.follow(302, url("https://b.example/2")).unwrap();
        assert!(way.keeps_authorization());
        way.follow(302, url("http://b.example/2")).unwrap();
        assert!(!way.keeps_authorization());
        way.follow(302, url("https://b.example/2")).unwrap();
        assert!(!way.keeps_authorization());
    }

    #[test]
    fn redirects_have_limits() {
        let mut way = Redirects::new("https://a.example", "GET", url("https://b.example/"));
        assert_eq!(way.follow(300, url("https://b.example/")), Err(RedirectError::NotARedirect));
        assert_eq!(way.follow(302, url("https://u:p@b.example/")), Err(RedirectError::Credentials));
        for _ in 0..MAX_REDIRECTS {
            way.follow(302, url("https://b.example/")).unwrap();
        }
        assert_eq!(way.follow(302, url("https://b.example/")), Err(RedirectError::TooMany));
        // At home a password is the page's own affair.
        let mut home = Redirects::new("https://a.example", "GET", url("https://a.example/"));
        assert_eq!(home.follow(302, url("https://u:p@a.example/")), Ok(()));
        assert_eq!(home.follow(302, url("https://u:p@b.example/")), Err(RedirectError::Credentials));
    }
}
