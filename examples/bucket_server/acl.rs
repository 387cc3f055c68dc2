//! What anonymous requests may do: the access control lists of buckets and objects, in their canned form.

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, invalid_argument, not_implemented};
use crate::xml::ALL_USERS;
use crate::xml_body;

/// Who may do what without signing. Whoever signs may do everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acl {
    #[default]
    Private,
    PublicRead,
    PublicReadWrite,
}

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Read,
    Write,
    /// Never given by an access control list.
    Own,
}

impl Acl {
    pub fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => self != Self::Private,
            Permission::Write => self == Self::PublicReadWrite,
            Permission::Own => false,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::PublicRead => "public-read",
            Self::PublicReadWrite => "public-read-write",
        }
    }

    /// By name. S3's lists that open to some but not to everyone are private here: only one account exists.
    pub fn from_name(name: &str) -> Result<Self, ApiError> {
        match name {
            "private" | "authenticated-read" | "bucket-owner-read" | "bucket-owner-full-control" => Ok(Self::Private),
            "public-read" => Ok(Self::PublicRead),
            "public-read-write" => Ok(Self::PublicReadWrite),
            _ => Err(invalid_argument(
                "x-oss-acl",
                name,
                "The ACL is not one of private, public-read, public-read-write.",
            )),
        }
    }

    /// By the grants of an `AccessControlPolicy`, as S3 writes them: only those to everyone say something here.
    pub fn from_xml(body: &[u8]) -> Result<Self, ApiError> {
        let document = xml_body::parse(body, "AccessControlPolicy")?;
        let lists = xml_body::children(document.root_element(), "AccessControlList");
        let grants = lists.flat_map(|list| xml_body::children(list, "Grant"));
        let to_all = grants.filter(|grant| {
            let mut grantees = xml_body::children(*grant, "Grantee");
            grantees.any(|grantee| xml_body::child_text(grantee, "URI").is_some_and(|uri| uri.trim() == ALL_USERS))
        });
        let permissions: Vec<_> = to_all.filter_map(|grant| xml_body::child_text(grant, "Permission")).collect();
        Ok(match permissions.contains(&"FULL_CONTROL") || permissions.contains(&"WRITE") {
            true => Self::PublicReadWrite,
            false if permissions.contains(&"READ") => Self::PublicRead,
            false => Self::Private,
        })
    }

    /// By the header of a request, in any spelling; `None` without one, and for an object's `default`.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        // Who else may read is not kept here, and must not be lost without a word.
        if let Some(grant) = headers.keys().find(|name| name.as_str().starts_with("x-amz-grant-")) {
            return Err(not_implemented(grant.as_str()));
        }
        let names = ["x-oss-acl", "x-oss-object-acl", "x-amz-acl"];
        let mut given = names.iter().flat_map(|name| headers.get_all(*name));
        let header = given.next();
        if given.any(|other| Some(other) != header) {
            return Err(invalid_argument("x-oss-acl", "", "Two ACLs are given, and they differ; give one."));
        }
        match header.map(|value| value.to_str().unwrap_or_default()) {
            None | Some("default") => Ok(None),
            Some(name) => Self::from_name(name).map(Some),
        }
    }
}
