//! What both adapters share: whence the table of a request comes, and who is told of its decision.

use std::sync::Arc;

use crate::buckets::Buckets;
use crate::decision::Decision;
use crate::guard::TableGuard;
use crate::handle::CorsHandle;
use crate::naming::BucketNaming;
use crate::observe;
use crate::request::CorsRequest;
use crate::shadow::Shadow;
use crate::table::RuleTable;

/// The rules of an adapter. Cheap to clone, and clones share them.
#[derive(Clone, Debug)]
pub struct AdapterRules {
    tables: Tables,
    shadow: Option<Shadow>,
}

/// What is rarely used lies behind one pointer.
#[derive(Clone, Debug)]
enum Tables {
    One(CorsHandle),
    PerBucket(Arc<PerBucket>),
}

#[derive(Debug)]
struct PerBucket {
    buckets: Buckets,
    naming: BucketNaming,
    /// For a request that names no bucket.
    unnamed: CorsHandle,
}

impl AdapterRules {
    /// The table that `handle` has in force, for every request.
    pub fn one(handle: CorsHandle) -> Self {
        Self { tables: Tables::One(handle), shadow: None }
    }

    /// The table of the bucket that `naming` reads from the request. Where it reads none, CORS is not enabled.
    pub fn per_bucket(buckets: Buckets, naming: BucketNaming) -> Self {
        let unnamed = CorsHandle::new(RuleTable::not_enabled());
        Self { tables: Tables::PerBucket(Arc::new(PerBucket { buckets, naming, unnamed })), shadow: None }
    }

    /// The same, with `shadow` judging each decision.
    #[must_use]
    pub fn with_shadow(self, shadow: Shadow) -> Self {
        Self { shadow: Some(shadow), ..self }
    }

    /// The table for one request: to be loaded once. `target` tells the request's host and path, where they matter.
    #[inline]
    pub fn load<'r>(&self, target: impl FnOnce() -> (&'r str, &'r str)) -> TableGuard {
        match &self.tables {
            Tables::One(handle) => handle.load(),
            Tables::PerBucket(per_bucket) => {
                let (host, path) = target();
                per_bucket.load(host, path)
            }
        }
    }

    /// `decision`, the loaded table's about `request`, after everybody has been told of it.
    #[inline]
    pub fn decided<'t, 'a, L>(&self, request: &CorsRequest<'a, L>, decision: Decision<'t>) -> Decision<'t>
    where
        L: IntoIterator<Item = &'a [u8]> + Clone,
    {
        observe::decided(request, decision);
        if let Some(shadow) = &self.shadow {
            judge(shadow, request, decision);
        }
        decision
    }
}

/// Apart, so that a request without a shadow pays for one comparison.
#[inline(never)]
fn judge<'a, L>(shadow: &Shadow, request: &CorsRequest<'a, L>, decision: Decision<'_>)
where
    L: IntoIterator<Item = &'a [u8]> + Clone,
{
    shadow.judge(request, &decision);
}

impl PerBucket {
    #[inline(never)]
    fn load(&self, host: &str, path: &str) -> TableGuard {
        match self.naming.bucket(host, path) {
            Some(bucket) => self.buckets.load(&bucket),
            None => self.unnamed.load(),
        }
    }
}
